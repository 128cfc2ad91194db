import { expect, test } from "vitest";
import { BLANK, bodyOf, fieldsOf, placesOf, placesText } from "./fields.ts";

test("stations are written a line each, with or without their EVSEs", () => {
  expect(placesOf("CP1\n\n CP2 : 1, 2 3\n")).toEqual({ CP1: null, CP2: [1, 2, 3] });
  expect(placesOf(" \n")).toBeNull();
  expect(placesText({ CP1: null, CP2: [1, 2] })).toBe("CP1\nCP2: 1, 2");
  expect(placesText(null)).toBe("");
});

test("an EVSE that is no number is not taken for every EVSE", () => {
  expect(placesOf("CP1: left")).toEqual({ CP1: [Number.NaN] });
});

test("nothing written is nothing said", () => {
  expect(bodyOf({ ...BLANK, value: "A" })).toMatchObject({
    value: "A",
    validFrom: null,
    maxConcurrent: 1,
    cacheLifeS: null,
    places: null,
    evseKinds: null,
  });
  expect(bodyOf({ ...BLANK, unlimited: true }).maxConcurrent).toBeNull();
});

test("what is on record comes back unchanged", () => {
  const { value, kind, ...rest } = bodyOf({ ...BLANK, value: "A" });
  const token = {
    ...{ ...rest, value, kind, id: 1, organisationId: 1, masterPass: false, blocked: false, blockReason: "" },
    ...{ blockedAt: null, createdAt: "2026-01-01T00:00:00Z", changedAt: "2026-01-01T00:00:00Z" },
    ...{ medium: "app" as const, validUntil: "2027-01-01T00:00:00.000Z", maxConcurrent: null, cacheLifeS: 0 },
    ...{ places: { CP1: null }, evseKinds: ["dc" as const] },
  };
  expect(bodyOf(fieldsOf(token))).toEqual(Object.fromEntries(Object.keys(bodyOf(BLANK)).map((name) => [name, token[name as keyof typeof token]])));
});
