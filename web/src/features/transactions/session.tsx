/** One session: what it is now, its course, its limits, how its figures came about, and stopping it. */
import { Anchor, Button, Group, Paper, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import type { StopOut, TransactionDetail } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useReadingsOf } from "@/shared/live/live.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { VerdictBadge } from "@/shared/ui/badges.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { useNow } from "@/shared/ui/now.ts";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { EnergyTrail, Events, Remarks } from "./account.tsx";
import { SessionBadge, useOutlet } from "./badges.tsx";
import { Charts } from "./charts.tsx";
import { Limits } from "./limits.tsx";
import { lasted, type Now, nowOf } from "@/shared/live/session.ts";
import { Stopping, StopOutcome } from "./stopping.tsx";
import { useTail } from "./tail.ts";

const MOST_POINTS = 1000;

export function Session() {
  const words = useWords();
  const id = useNumber("transactionId");
  const path = { transaction_id: id };
  const session = useQuery({
    queryKey: ["transactions", "one", id],
    queryFn: async () =>
      // The client takes pairs for lists of any length.
      (await told(api.GET("/api/v1/transactions/{transaction_id}", { params: { path } }))) as TransactionDetail,
  });
  const title = words.transactions.one(id);
  const under = [{ title: words.transactions.title, to: "/sessions" }];
  if (session.data) return <Known session={session.data} />;
  return (
    <Page title={title} under={under}>
      {session.error ? <Refusal error={session.error} again={() => void session.refetch()} /> : <Skeleton h={320} />}
    </Page>
  );
}

function Known({ session }: { session: TransactionDetail }) {
  const words = useWords();
  const said = words.transactions;
  const may = useMay();
  const now = useNow();
  const path = { transaction_id: session.id };
  const running = session.endedAt === null;
  const evseId = session.evseId ?? 0;
  const tail = useTail(session.stationId, evseId, running && session.evseId !== null);
  const figures = nowOf(session, useReadingsOf(session.stationId, evseId));
  const values = useQuery({
    queryKey: ["transactions", "values", session.id],
    queryFn: () =>
      told(
        api.GET("/api/v1/transactions/{transaction_id}/meter-values", {
          params: { path, query: { maxPoints: MOST_POINTS } },
        }),
      ),
  });
  const events = useQuery({
    queryKey: ["transactions", "events", session.id],
    queryFn: () => told(api.GET("/api/v1/transactions/{transaction_id}/events", { params: { path } })),
  });
  const [order, setOrder] = useState<StopOut | null>(null);
  const command = useQuery({
    queryKey: ["commands", "one", order?.commandId, { stationId: session.stationId }],
    queryFn: () =>
      told(api.GET("/api/v1/commands/{command_id}", { params: { path: { command_id: order?.commandId ?? "" } } })),
    enabled: order !== null,
  });
  const outcome = command.data ?? order;
  return (
    <Page
      title={said.one(session.id)}
      under={[{ title: said.title, to: "/sessions" }]}
      badge={<SessionBadge session={session} />}
      actions={
        <>
          {may("log.read") && <Messages session={session} />}
          {running && may("transactions.control") && <Stopping sessionId={session.id} asked={setOrder} />}
        </>
      }
    >
      {outcome !== null && running && <StopOutcome status={outcome.status} reason={outcome.reason} />}
      <Remarks session={session} />
      <Figures session={session} figures={figures} now={now} />
      <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: "start" }}>
        <About session={session} />
        <Limits session={session} mayControl={may("transactions.control")} />
      </SimpleGrid>
      {values.error && <Refusal error={values.error} again={() => void values.refetch()} />}
      {values.isPending && <Skeleton h={240} />}
      {values.data && (
        <Charts session={session} values={values.data} tail={tail} events={events.data?.items ?? []} now={now} />
      )}
      <SimpleGrid cols={{ base: 1, lg: 2 }} style={{ alignItems: "start" }}>
        <EnergyTrail session={session} />
        {events.error ? (
          <Refusal error={events.error} again={() => void events.refetch()} />
        ) : (
          <Events events={events.data?.items ?? []} />
        )}
      </SimpleGrid>
    </Page>
  );
}

/** Where what was said about it stands: all messages of the station in that time. */
function Messages({ session }: { session: TransactionDetail }) {
  const words = useWords();
  const search = { from: session.startedAt, ...(session.endedAt !== null && { to: after(session.endedAt) }) };
  return (
    <Button
      variant="default"
      leftSection={<IconListDetails size={16} aria-hidden />}
      renderRoot={(props) => <Link to={`/stations/${session.stationId}/log`} search={search as never} {...props} />}
    >
      {words.transactions.messages}
    </Button>
  );
}

/** The message that ends a session comes a moment after its end. */
function after(at: string): string {
  return new Date(Date.parse(at) + 60_000).toISOString();
}

function Figures({ session, figures, now }: { session: TransactionDetail; figures: Now; now: Date }) {
  const words = useWords();
  const format = useFormat();
  const said = words.transactions;
  const running = session.endedAt === null;
  const price = session.pricePerKwh === null || !session.billable ? null : Number(session.pricePerKwh);
  const cost = running && price !== null && figures.energyWh !== null ? (figures.energyWh / 1000) * price : session.cost;
  const shown: (readonly [string, string])[] = [
    [said.energy, format.energy(figures.energyWh)],
    ...(running
      ? ([
          [said.power, format.power(figures.powerW)],
          [said.soc, format.percent(figures.socPercent)],
        ] as const)
      : []),
    [said.duration, format.duration(lasted(session, now))],
    ...(session.currency ? ([[said.cost, format.money(cost, session.currency)]] as const) : []),
  ];
  return (
    <SimpleGrid
      component="section"
      aria-label={running ? said.figures : said.result}
      cols={{ base: 2, sm: 3, md: shown.length }}
      spacing="sm"
    >
      {shown.map(([name, value]) => (
        <Paper withBorder p="sm" key={name}>
          <Text size="sm" c="dimmed">
            {name}
          </Text>
          <Text fz={24} fw={700} style={{ fontVariantNumeric: "tabular-nums" }}>
            {value}
          </Text>
        </Paper>
      ))}
    </SimpleGrid>
  );
}

function About({ session }: { session: TransactionDetail }) {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const outlet = useOutlet();
  const said = words.transactions;
  const because: Record<string, string> = said.because;
  const wh = (value: number | null) => (value === null ? words.everyday.unknown : `${format.number(value, 3)}\u00a0Wh`);
  const token =
    session.tokenId !== null && may("tokens.read") ? (
      <Anchor component={Link} to={`/tokens/${session.tokenId}`} size="sm">
        {session.token || said.token}
      </Anchor>
    ) : (
      session.token || said.noToken
    );
  const metered = session.registerBeginWh !== null || session.registerEndWh !== null;
  return (
    <Paper withBorder p="md" component="section" aria-label={said.facts}>
      <Title order={2} size="h4" mb="xs">
        {said.facts}
      </Title>
      <Facts
        of={[
          [
            said.station,
            <Group gap={6} key="station">
              <Anchor component={Link} to={`/stations/${session.stationId}`} size="sm">
                {session.station}
              </Anchor>
              {outlet(session)}
            </Group>,
          ],
          [said.token, token],
          [
            said.verdict,
            <Stack gap={2} key="verdict" align="flex-start">
              <VerdictBadge verdict={session.verdict} />
              {because[session.verdictReason] ?? session.verdictReason}
            </Stack>,
          ],
          [said.billable, session.billable ? words.everyday.yes : words.everyday.no],
          [said.started, format.instant(session.startedAt)],
          [said.ended, session.endedAt && format.instant(session.endedAt)],
          [
            said.stopReason,
            session.endedAt && (session.endedBy === "successor" ? said.endedBySuccessor : session.stopReason),
          ],
          [said.charging, session.chargingS !== null && session.endedAt !== null && format.duration(session.chargingS)],
          [said.idle, session.idleS !== null && session.endedAt !== null && format.duration(session.idleS)],
          [said.registers, metered && said.register(wh(session.registerBeginWh), wh(session.registerEndWh))],
          [said.exported, session.energyExportedWh ? format.energy(session.energyExportedWh) : null],
          [said.price, session.pricePerKwh && format.money(session.pricePerKwh, session.currency)],
          [said.localCost, session.localCost && words.everyday.yes],
          [said.wireId, session.wireId],
          [said.number, session.number],
          [said.remoteStart, session.remoteStartId],
          [said.reservation, session.reservationId],
          [said.offline, session.offline && said.offlineYes],
          [said.heardAt, Date.parse(session.receivedAt) - Date.parse(session.startedAt) > 60_000 && format.instant(session.receivedAt)],
        ]}
      />
    </Paper>
  );
}
