import { expect, it } from "vitest";
import type { EvseReadings } from "../api/schema.gen.ts";
import { LiveReadings } from "./readings.ts";

const of = (stationId: number, at: string, powerW: number) =>
  ({ stationId, evseId: 1, at, powerW, readings: [] }) as unknown as EvseReadings;

function rig() {
  const frames: (() => void)[] = [];
  return { readings: new LiveReadings((tell) => frames.push(tell)), frame: () => frames.splice(0).forEach((tell) => tell()) };
}

it("tells watchers once a frame, however many come", () => {
  const { readings, frame } = rig();
  let told = 0;
  readings.watch(() => (told += 1));
  for (let station = 0; station < 1000; station++) readings.take(of(station, "2026-01-01T00:00:00Z", station));
  expect(told).toBe(0);
  frame();
  expect([told, readings.version, readings.of(999, 1)?.powerW]).toEqual([1, 1, 999]);
  frame();
  expect(told).toBe(1);
});

it("does not let an older reading replace a newer one", () => {
  const { readings } = rig();
  readings.take(of(1, "2026-01-01T00:00:02Z", 2));
  readings.take(of(1, "2026-01-01T00:00:01Z", 1));
  expect(readings.of(1, 1)?.powerW).toBe(2);
});

it("begins anew from what the server knows", () => {
  const { readings } = rig();
  readings.take(of(1, "2026-01-01T00:00:02Z", 2));
  readings.replace([of(2, "2026-01-01T00:00:01Z", 5)]);
  expect([readings.of(1, 1), readings.of(2, 1)?.powerW]).toEqual([undefined, 5]);
});

it("adds up what is looked at, without what a station's own meter counts again", () => {
  const { readings } = rig();
  readings.take({ ...of(1, "2026-01-01T00:00:00Z", 1000), siteId: 1, organisationId: 1 });
  readings.take({ ...of(2, "2026-01-01T00:00:00Z", 200), siteId: 2, organisationId: 1 });
  readings.take({ ...of(2, "2026-01-01T00:00:00Z", 5000), evseId: 0, siteId: 2, organisationId: 1 });
  readings.take({ ...of(3, "2026-01-01T00:00:00Z", 30), siteId: 3, organisationId: 2 });
  const sums = [{}, { siteId: 1 }, { organisationId: 1 }].map((scope) => readings.totalPowerW(scope));
  expect(sums).toEqual([1230, 1000, 1200]);
});

it("shows no power where a session has ended", () => {
  const { readings } = rig();
  readings.take(of(1, "2026-01-01T00:00:00Z", 11_000));
  readings.rest(1, 1);
  readings.rest(7, 1);
  expect([readings.of(1, 1)?.powerW, readings.totalPowerW({})]).toEqual([null, 0]);
});
