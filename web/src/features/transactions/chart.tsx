/** One chart of a session, drawn by uPlot. Only loaded where there is something to draw. */
import { useComputedColorScheme } from "@mantine/core";
import { useElementSize } from "@mantine/hooks";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import classes from "./chart.module.css";
import type { Course } from "./course.ts";

export type Mark = { at: string; label: string };

type Props = {
  /** What is seen, in a sentence. */
  says: string;
  course: Course;
  names: readonly string[];
  /** A value as it is written. */
  written: (value: number) => string;
  time: (at: Date) => string;
  timeName: string;
  from: number;
  to: number;
  marks: readonly Mark[];
  /** Something not to be passed. */
  limit?: { value: number; label: string } | undefined;
  /** An instant, in seconds, that is not to be passed. */
  until?: { at: number; label: string } | undefined;
  /** Where the scale ends at least. */
  least?: number;
};

const HEIGHT = 190;
/** How far apart words beside lines are at least. */
const ROOM = 14;
const COLOURS = {
  light: { lines: ["#0b7285", "#c2410c", "#5f3dc4", "#2b8a3e"], ink: "#495057", grid: "#dee2e6", limit: "#c92a2a", mark: "#868e96" },
  dark: { lines: ["#3bc4d4", "#ff922b", "#b197fc", "#69db7c"], ink: "#ced4da", grid: "#3b3b3b", limit: "#ff8787", mark: "#909296" },
} as const;

export default function Chart(props: Props) {
  const { says, course, names, timeName, from, to, marks, limit, until, least = 0 } = props;
  const scheme = useComputedColorScheme("light");
  const { ref, width } = useElementSize();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const lines = course.lines.length;
  const drawn = useRef(props);
  drawn.current = props;
  const ready = width > 0;
  // A new plot for another look or another number of lines; points are put into the one there is.
  useEffect(() => {
    if (place.current === null || !ready) return;
    const colours = COLOURS[scheme];
    const axis = { stroke: colours.ink, grid: { stroke: colours.grid, width: 1 }, ticks: { stroke: colours.grid, width: 1 } };
    const made = new uPlot(
      {
        width: place.current.clientWidth,
        height: HEIGHT,
        cursor: { sync: { key: "session" }, drag: { x: true, y: false } },
        scales: {
          x: { time: true, range: () => [drawn.current.from, drawn.current.to] },
          y: {
            range: (_, lowest, highest) => {
              const bound = drawn.current.limit?.value ?? 0;
              const top = Math.max(highest ?? 0, drawn.current.least ?? 0, bound);
              return [Math.min(0, lowest ?? 0), top === 0 ? 1 : top * 1.08];
            },
          },
        },
        axes: [
          { ...axis, space: 100, values: (_, splits) => splits.map((second) => drawn.current.time(new Date(second * 1000))) },
          { ...axis, size: 74, values: (_, splits) => splits.map((value) => drawn.current.written(value)) },
        ],
        series: [
          { label: timeName, value: (_, second: number | null) => (second === null ? "" : drawn.current.time(new Date(second * 1000))) },
          ...names.map((label, index) => ({
            label,
            stroke: colours.lines[index % colours.lines.length] ?? colours.ink,
            width: 2,
            spanGaps: true,
            points: { show: false },
            value: (_: uPlot, value: number | null) => (value === null ? "" : drawn.current.written(value)),
          })),
        ],
        hooks: { draw: [(self) => mark(self, drawn.current, colours)] },
      },
      [[], ...names.map(() => [])],
      place.current,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
    // The names are told apart by how many there are: they are the phases, in order.
  }, [scheme, lines, ready, names.join(), timeName]);
  useEffect(() => {
    plot.current?.setData([course.times, ...course.lines.map((line) => line.values)] as uPlot.AlignedData);
  }, [course, scheme, ready, from, to, marks, limit?.value, until?.at, least]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height: HEIGHT });
  }, [width]);
  return (
    <div ref={ref} role="img" aria-label={says} className={classes.chart}>
      <div ref={place} aria-hidden />
    </div>
  );
}

/** Lines across for a limit and down for what happened. */
function mark(self: uPlot, { marks, limit, until, from, to }: Props, colours: { limit: string; mark: string }): void {
  const { ctx, bbox } = self;
  ctx.save();
  ctx.lineWidth = devicePixelRatio;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  ctx.setLineDash([4 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.strokeStyle = ctx.fillStyle = colours.mark;
  let free = 0;
  for (const { at, label } of marks) {
    const second = Date.parse(at) / 1000;
    if (second < from || second > to) continue;
    const x = down(self, second);
    // What has no room is in the list of events.
    if (x < free) continue;
    along(self, x, label);
    free = x + ROOM * devicePixelRatio;
  }
  if (until !== undefined && until.at >= from && until.at <= to) {
    ctx.strokeStyle = ctx.fillStyle = colours.limit;
    along(self, down(self, until.at), until.label);
  }
  if (limit !== undefined) {
    ctx.strokeStyle = ctx.fillStyle = colours.limit;
    const y = Math.round(self.valToPos(limit.value, "y", true));
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillText(limit.label, bbox.left + 6 * devicePixelRatio, y - 4 * devicePixelRatio);
  }
  ctx.restore();
}

/** A line down at an instant; where it is drawn. */
function down(self: uPlot, second: number): number {
  const { ctx, bbox } = self;
  const x = Math.round(self.valToPos(second, "x", true));
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  return x;
}

/** Words beside such a line, upwards. */
function along(self: uPlot, x: number, label: string): void {
  const { ctx, bbox } = self;
  ctx.save();
  // On its right, but at the very end.
  const isLast = x + ROOM * devicePixelRatio > bbox.left + bbox.width;
  ctx.translate(x + (isLast ? -2 : ROOM - 1) * devicePixelRatio, bbox.top + bbox.height - 4 * devicePixelRatio);
  ctx.rotate(-Math.PI / 2);
  ctx.fillText(label, 0, 0);
  ctx.restore();
}
