/** The course of a session: power, energy, state of charge, current and voltage over time. */
import { Paper, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense, useMemo } from "react";
import type { EvseReadings, MeterValues, TransactionDetail, TransactionEventOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import type { Mark } from "./chart.tsx";
import { CHARTS, type ChartName, courseOf, linesOf } from "./course.ts";
import { nameOf, newsOf } from "./news.ts";

const Chart = lazy(() => import("./chart.tsx"));

type Props = {
  session: TransactionDetail;
  values: MeterValues;
  tail: readonly EvseReadings[];
  events: readonly TransactionEventOut[];
  now: Date;
};

export function Charts({ session, values, tail, events, now }: Props) {
  const words = useWords();
  const format = useFormat();
  const said = words.transactions;
  const from = Date.parse(session.startedAt) / 1000;
  const end = session.endedAt === null ? now.getTime() : Date.parse(session.endedAt);
  const to = Math.max(end / 1000, from + 60);
  const written: Record<ChartName, (value: number) => string> = {
    power: format.power,
    energy: format.energy,
    soc: format.percent,
    current: format.current,
    voltage: format.voltage,
  };
  const states: Record<string, string> = words.states.charging;
  const kinds: Record<string, string> = said.what;
  const marks = useMemo<Mark[]>(
    () => newsOf(events).map((one, place, all) => ({ at: one.at, label: nameOf(one, all[place - 1], kinds, states) })),
    [events, kinds, states],
  );
  const timeS = session.limits?.timeS;
  const limitAt = timeS ? from + timeS : null;
  const courses = useMemo(
    () =>
      CHARTS.map((name) => {
        const lines = linesOf(name, values.series, tail);
        const begin = name === "energy" ? (session.registerBeginWh ?? lines[0]?.points[0]?.value ?? 0) : 0;
        return { name, course: courseOf(lines, begin) };
      }).filter(({ course }) => course.times.length > 0),
    [values, tail, session.registerBeginWh],
  );
  const limits: Partial<Record<ChartName, number | null | undefined>> = {
    energy: session.limits?.energyWh,
    soc: session.limits?.socPercent,
  };
  return (
    <Stack component="section" aria-label={said.charts} gap="sm">
      <Title order={2} size="h4">
        {said.charts}
      </Title>
      {courses.length === 0 && <Text c="dimmed">{said.chartsNone}</Text>}
      <SimpleGrid cols={{ base: 1, lg: 2 }}>
        {courses.map(({ name, course }) => {
          const all = course.lines.flatMap((line) => line.values).filter((value) => value !== null);
          const last = course.lines[0]?.values.findLast((value) => value !== null) ?? 0;
          const write = written[name];
          const limit = limits[name];
          return (
            <Paper withBorder p="sm" key={name}>
              <Title order={3} size="sm" mb={4}>
                {said.chart[name]}
              </Title>
              <Suspense fallback={<Skeleton h={220} />}>
                <Chart
                  says={said.chartSays(said.chart[name], write(least(all)), write(most(all)), write(last))}
                  course={course}
                  names={course.lines.map((line) => line.phase ?? said.total)}
                  written={write}
                  time={format.time}
                  timeName={said.time}
                  from={from}
                  to={to}
                  marks={marks}
                  until={limitAt === null ? undefined : { at: limitAt, label: `${said.limitLine} ${format.duration(timeS)}` }}
                  limit={limit ? { value: limit, label: `${said.limitLine} ${write(limit)}` } : undefined}
                  least={name === "soc" ? 100 : 0}
                />
              </Suspense>
            </Paper>
          );
        })}
      </SimpleGrid>
      {values.series.some((one) => one.reduced !== "none") && (
        <Text size="xs" c="dimmed">
          {said.reduced}
        </Text>
      )}
    </Stack>
  );
}

const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), values[0] ?? 0);
const most = (values: readonly number[]): number => values.reduce((a, b) => Math.max(a, b), values[0] ?? 0);
