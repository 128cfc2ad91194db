import { describe, expect, it } from "vitest";
import type { EvseReadings, SeriesOut } from "@/shared/api/schema.gen.ts";
import { courseOf, linesOf } from "./course.ts";

const at = (second: number): string => new Date(Date.UTC(2026, 10, 28, 10, 0, second)).toISOString();

const series = (measurand: string, phase: string | null, points: [number, number][], location = "Outlet"): SeriesOut =>
  ({
    measurand,
    phase,
    location,
    points: points.map(([second, value]) => ({ at: at(second), value })),
  }) as unknown as SeriesOut;

const readings = (measurand: string, phase: string | null, second: number, value: number): EvseReadings =>
  ({ readings: [{ measurand, phase, location: "Outlet", at: at(second), value }] }) as unknown as EvseReadings;

describe("the lines of a chart", () => {
  it("go on with what came after the server's answer, and nothing comes twice", () => {
    const known = [series("Power.Active.Import", null, [[0, 1], [10, 2]]), series("SoC", null, [[0, 40]])];
    const tail = [10, 20, 20].map((second) => readings("Power.Active.Import", null, second, 3));
    const [line] = linesOf("power", known, tail);
    expect(line?.points.map((point) => [point.at, point.value])).toEqual([
      [at(0), 1],
      [at(10), 2],
      [at(20), 3],
    ]);
  });

  it("are one for each phase, also for a phase that was not heard of before", () => {
    const known = [series("Current.Import", "L2", [[0, 6]]), series("Current.Import", "L1", [[0, 5]], "Inlet")];
    const lines = linesOf("current", known, [readings("Current.Import", "L1", 10, 7)]);
    expect(lines.map((line) => line.phase)).toEqual(["L1", "L2"]);
  });

  it("leave out the registers of single phases", () => {
    const known = [
      series("Energy.Active.Import.Register", "L1", [[0, 1]]),
      series("Energy.Active.Import.Register", null, [[0, 3]]),
    ];
    expect(linesOf("energy", known, []).map((line) => line.phase)).toEqual([null]);
  });
});

describe("a course", () => {
  it("has a place for each instant of any line, and a register begins with nothing", () => {
    const lines = linesOf("current", [series("Current.Import", "L1", [[0, 5], [20, 6]]), series("Current.Import", "L2", [[10, 7]])], []);
    const course = courseOf(lines);
    expect(course.times).toEqual([0, 10, 20].map((second) => Date.parse(at(second)) / 1000));
    expect(course.lines.map((line) => line.values)).toEqual([
      [5, null, 6],
      [null, 7, null],
    ]);
    const energy = linesOf("energy", [series("Energy.Active.Import.Register", null, [[0, 1000], [10, 1500]])], []);
    expect(courseOf(energy, 1000).lines[0]?.values).toEqual([0, 500]);
  });
});
