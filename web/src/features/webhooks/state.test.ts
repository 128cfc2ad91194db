import { expect, test } from "vitest";
import { stateOf } from "./state.tsx";

const working = { enabled: true, disabledBecause: "", attempt: 0, deliveredAt: "2026-11-28T12:00:00Z" };

test.each([
  [{}, "working"],
  [{ deliveredAt: null }, "waiting"],
  [{ attempt: 1 }, "failing"],
  [{ enabled: false, attempt: 3 }, "switchedOff"],
  [{ enabled: false, disabledBecause: "answered 410" }, "disabled"],
] as const)("a webhook with %o is %s", (facts, state) => {
  expect(stateOf({ ...working, ...facts })).toBe(state);
});
