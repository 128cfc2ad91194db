import { describe, expect, it } from "vitest";
import { mayBeRevoked, SOON_MS, type State, stateOf } from "./state.ts";

const NOW = new Date("2026-11-28T12:00:00Z");
const at = (ms: number) => new Date(NOW.getTime() + ms).toISOString();
const YEAR_MS = 365 * 24 * 3_600_000;
type Known = Parameters<typeof stateOf>[0];
const FRESH: Known = {
  validFrom: at(-YEAR_MS),
  validTo: at(YEAR_MS),
  revokedAt: null,
  supersededAt: null,
  inUse: false,
};

describe("a certificate", () => {
  it.each<[State, Partial<Known>]>([
    ["unused", {}],
    ["notYet", { validFrom: at(1000) }],
    ["inUse", { inUse: true }],
    ["inUse", { inUse: true, validTo: at(SOON_MS + 1000) }],
    ["expiring", { inUse: true, validTo: at(SOON_MS - 1000) }],
    ["unused", { validTo: at(SOON_MS - 1000) }],
    ["superseded", { supersededAt: at(-1000) }],
    ["expired", { inUse: true, validTo: at(0) }],
    ["expired", { supersededAt: at(-1000), validTo: at(-1000) }],
    ["revoked", { revokedAt: at(-1000), validTo: at(-500) }],
  ])("is %s with %o", (state, what) => expect(stateOf({ ...FRESH, ...what }, NOW)).toBe(state));

  it("is revoked once, and not when it has ended anyhow", () => {
    expect(mayBeRevoked("revoked")).toBe(false);
    expect(mayBeRevoked("expired")).toBe(false);
    for (const state of ["inUse", "expiring", "superseded", "unused", "notYet"] as const) {
      expect(mayBeRevoked(state)).toBe(true);
    }
  });
});
