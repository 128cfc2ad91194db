import { describe, expect, it } from "vitest";
import type { EvseReadings, TransactionOut } from "../api/schema.gen.ts";
import { lasted, nowOf } from "./session.ts";

const running = {
  startedAt: "2026-11-28T10:00:00Z",
  endedAt: null,
  energyImportedWh: 500,
  registerBeginWh: 10_000,
} as unknown as TransactionOut;

const readings = (at: string, energyWh: number | null): EvseReadings =>
  ({ at, energyWh, powerW: 11_000, socPercent: 42 }) as unknown as EvseReadings;

describe("a running session", () => {
  it("has charged what its meter has moved since the begin", () => {
    expect(nowOf(running, readings("2026-11-28T10:05:00Z", 10_750))).toEqual({
      powerW: 11_000,
      energyWh: 750,
      socPercent: 42,
    });
  });

  it("keeps what the server reckoned when the meter says less, or nothing", () => {
    for (const said of [3, null]) expect(nowOf(running, readings("2026-11-28T10:05:00Z", said)).energyWh).toBe(500);
    const unknown = { ...running, registerBeginWh: null };
    expect(nowOf(unknown, readings("2026-11-28T10:05:00Z", 10_750)).energyWh).toBe(500);
  });

  it("takes nothing from readings of whoever was there before", () => {
    const nothing = { powerW: null, energyWh: 500, socPercent: null };
    expect(nowOf(running, readings("2026-11-28T09:59:00Z", 10_750))).toEqual(nothing);
    expect(nowOf(running, undefined)).toEqual(nothing);
  });
});

describe("a session that is over", () => {
  const over = { ...running, endedAt: "2026-11-28T10:30:00Z" };

  it("has what was reckoned and draws nothing, whoever charges there now", () => {
    expect(nowOf(over, readings("2026-11-28T11:00:00Z", 20_000))).toEqual({
      powerW: null,
      energyWh: 500,
      socPercent: null,
    });
  });

  it("lasts no longer", () => {
    expect(lasted(over, new Date("2026-11-28T12:00:00Z"))).toBe(1800);
    expect(lasted(running, new Date("2026-11-28T12:00:00Z"))).toBe(7200);
    expect(lasted(running, new Date("2026-11-28T09:00:00Z"))).toBe(0);
  });
});
