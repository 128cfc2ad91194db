import { expect, test } from "vitest";
import { instantOf, localOf } from "./moments.ts";

test("an instant comes back as it went out", () => {
  for (const at of ["2026-11-28T10:00:00.000Z", "2026-07-01T23:59:30.000Z"]) expect(instantOf(localOf(at))).toBe(at);
});

test("no instant is none", () => {
  expect(localOf(null)).toBe("");
  expect(instantOf("")).toBeNull();
  expect(instantOf("soon")).toBeNull();
});
