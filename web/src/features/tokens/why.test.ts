import { expect, test } from "vitest";
import { de } from "@/shared/i18n/de/index.ts";
import { en } from "@/shared/i18n/en/index.ts";
import { formats } from "@/shared/units/format.ts";
import { whyOf } from "./why.ts";

const format = formats("en-GB", "UTC");
const plain = { moment: null, transactions: [], evseIds: [] };

test("a reason is told with what the verdict depended on", () => {
  const late = whyOf({ ...plain, reason: "no_longer_valid", moment: "2026-01-31T00:00:00Z" }, en, format);
  expect(late.why).toContain("expired");
  expect(late.why).toContain("31 Jan 2026");
  expect(whyOf({ ...plain, reason: "not_at_this_evse", evseIds: [1, 3] }, en, format).why).toContain("1, 3");
});

test("a reason that nobody has words for stays what it is", () => {
  expect(whyOf({ ...plain, reason: "moon_phase" }, en, format)).toEqual({ why: "moon_phase", todo: "" });
});

test("every language has words for the same reasons", () => {
  expect(Object.keys(de.tokens.reasons)).toEqual(Object.keys(en.tokens.reasons));
});
