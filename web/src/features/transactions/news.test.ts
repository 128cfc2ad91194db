import { describe, expect, it } from "vitest";
import { nameOf, newsOf } from "./news.ts";

type Event = Parameters<typeof nameOf>[0];

const event = (changed: Partial<Event>): Event => ({
  at: "2026-11-28T10:00:00Z",
  what: "Updated",
  trigger: "MeterValuePeriodic",
  chargingState: "Charging",
  offline: false,
  limits: null,
  ...changed,
});

const KINDS = { Started: "Begun", Ended: "Ended", Updated: "Update" };
const STATES = { Charging: "Charging", SuspendedEV: "Paused by the vehicle" };

describe("the events of a session", () => {
  const begun = event({ what: "Started", trigger: "Authorized", chargingState: "EVConnected" });
  const charging = event({ trigger: "ChargingStateChanged" });
  const reading = event({});
  const paused = event({ chargingState: "SuspendedEV", trigger: "MeterValueClock" });
  const late = event({ chargingState: "SuspendedEV", offline: true });
  const rate = event({ chargingState: "SuspendedEV", trigger: "ChargingRateChanged" });
  const ended = event({ what: "Ended", trigger: "StopAuthorized", chargingState: "EVConnected" });

  it("are news unless they only say what the meter shows", () => {
    expect(newsOf([begun, charging, reading, reading, paused, reading, late, rate, ended])).toEqual([
      begun, charging, paused, reading, late, rate, ended,
    ]);
  });

  it("are named by what changed", () => {
    const name = (one: Event, before?: Event) => nameOf(one, before, KINDS, STATES);
    expect(name(begun)).toBe("Begun");
    expect(name(charging, begun)).toBe("Charging");
    expect(name(paused, reading)).toBe("Paused by the vehicle");
    expect(name(rate, paused)).toBe("ChargingRateChanged");
    expect(name(ended, rate)).toBe("Ended");
  });
});
