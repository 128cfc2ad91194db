import { expect, test } from "vitest";
import { stateOf } from "./state.tsx";

const now = new Date("2026-11-28T12:00:00Z");
const card = { blocked: false, validFrom: null, validUntil: null, masterPass: false };

test.each([
  [{}, "valid"],
  [{ masterPass: true }, "masterPass"],
  [{ validFrom: "2026-11-28T12:00:01Z" }, "notYet"],
  [{ validFrom: "2026-11-28T12:00:00Z" }, "valid"],
  [{ validUntil: "2026-11-28T12:00:00Z" }, "expired"],
  [{ validUntil: "2026-11-28T12:00:01Z" }, "valid"],
  [{ blocked: true, validUntil: "2020-01-01T00:00:00Z" }, "blocked"],
] as const)("a token with %o is %s", (facts, state) => {
  expect(stateOf({ ...card, ...facts }, now)).toBe(state);
});
