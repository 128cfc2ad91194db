/** The lines of a session's charts: what the server has, what came since, and each line beside the others. Pure. */
import type { EvseReadings, SeriesOut } from "@/shared/api/schema.gen.ts";

export const CHARTS = ["power", "energy", "soc", "current", "voltage"] as const;
export type ChartName = (typeof CHARTS)[number];

const MEASURANDS: Record<ChartName, string> = {
  power: "Power.Active.Import",
  energy: "Energy.Active.Import.Register",
  soc: "SoC",
  current: "Current.Import",
  voltage: "Voltage",
};

export type Line = { phase: string | null; points: readonly { at: string; value: number }[] };
/** A chart as it is drawn: instants in seconds, and of each line a value for each of them, or none. */
export type Course = { times: number[]; lines: { phase: string | null; values: (number | null)[] }[] };

/** The server's series and the readings that have come since, each point once. */
export function linesOf(name: ChartName, series: readonly SeriesOut[], tail: readonly EvseReadings[]): Line[] {
  const measurand = MEASURANDS[name];
  const lines = new Map<string, { at: string; value: number }[]>();
  for (const one of series) {
    if (one.measurand === measurand && one.location === "Outlet") lines.set(one.phase ?? "", [...one.points]);
  }
  for (const moment of tail) {
    for (const one of moment.readings) {
      if (one.measurand !== measurand || one.location !== "Outlet") continue;
      const line = lines.get(one.phase ?? "") ?? [];
      const last = line.at(-1);
      if (last !== undefined && Date.parse(last.at) >= Date.parse(one.at)) continue;
      line.push({ at: one.at, value: one.value });
      lines.set(one.phase ?? "", line);
    }
  }
  // A battery has one state of charge, and a meter one register for all phases.
  return [...lines]
    .filter(([phase]) => phase === "" || (name !== "energy" && name !== "soc"))
    .map(([phase, points]) => ({ phase: phase || null, points }))
    .sort((a, b) => (a.phase ?? "").localeCompare(b.phase ?? ""));
}

/** Lines side by side. `begin` is taken off each value: a register is drawn as what it has moved. */
export function courseOf(lines: readonly Line[], begin = 0): Course {
  const instants = new Set<number>();
  const known = lines.map(({ phase, points }) => {
    const values = new Map<number, number>();
    for (const { at, value } of points) {
      const second = Date.parse(at) / 1000;
      instants.add(second);
      values.set(second, value - begin);
    }
    return { phase, values };
  });
  const times = [...instants].sort((a, b) => a - b);
  return {
    times,
    lines: known.map(({ phase, values }) => ({ phase, values: times.map((time) => values.get(time) ?? null) })),
  };
}
