/** Sessions as a list: those that run, live, and those that are over. */
import { Anchor, Button, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { IconDownload, IconPlugConnected } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { TransactionOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useReadings } from "@/shared/live/live.tsx";
import { StationFrame } from "@/shared/station/frame.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { SitePick, useWhere } from "@/shared/station/site.tsx";
import { VerdictBadge } from "@/shared/ui/badges.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterMoment, FilterTruth, SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { useNow } from "@/shared/ui/now.ts";
import { Page } from "@/shared/ui/page.tsx";
import { SessionBadge, useOutlet } from "./badges.tsx";
import { lasted, type Now, nowOf } from "@/shared/live/session.ts";

type State = "active" | "ended" | "all";

export function Sessions() {
  const words = useWords();
  return (
    <Page title={words.transactions.title}>
      <SessionList usual="active" />
    </Page>
  );
}

export function StationSessions() {
  return <StationFrame tab="sessions">{(station) => <SessionList usual="all" stationId={station.id} />}</StationFrame>;
}

/** The sessions of a station, or of all. `usual` is what is shown when the address does not say. */
function SessionList({ usual, stationId }: { usual: State; stationId?: number }) {
  const words = useWords();
  const navigate = useNavigate();
  const [filters, change] = useFilters();
  const where = useWhere(filters);
  const readings = useReadings();
  const named = asText(filters.state);
  const state: State = named === "active" || named === "ended" || named === "all" ? named : usual;
  const sort = asText(filters.sort) ?? "-startedAt";
  const about = said({
    ...(stationId === undefined && where),
    stationId: stationId ?? asNumber(filters.station),
    token: asText(filters.token),
    refused: asTruth(filters.refused),
    from: asText(filters.from),
    to: asText(filters.to),
    state: state === "all" ? undefined : state,
  });
  const list = useListed(["transactions", "list", { sort, ...about }], (cursor, signal) =>
    told(api.GET("/api/v1/transactions", { params: { query: said({ cursor, sort, ...about }) }, signal })),
  );
  const now = (session: TransactionOut): Now =>
    nowOf(session, session.evseId === null ? undefined : readings.of(session.stationId, session.evseId));
  const columns = useColumns(state, stationId === undefined, now);
  const filtered = Object.entries(filters).some(([name, value]) => name !== "state" && name !== "sort" && value !== "");
  const waiting = state === "active" && !filtered;
  return (
    <Stack>
      <Group justify="space-between" align="end">
        <SegmentedControl
          aria-label={words.transactions.which}
          transitionDuration={0}
          value={state}
          onChange={(chosen) => change({ state: chosen === usual ? undefined : chosen })}
          data={[
            { value: "active", label: words.transactions.live },
            { value: "ended", label: words.transactions.past },
            { value: "all", label: words.transactions.all },
          ]}
        />
        <Button
          component="a"
          href={`/api/v1/transactions/export?${parameters(about)}`}
          download="sessions.csv"
          title={words.transactions.csvHint}
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {words.transactions.exportCsv}
        </Button>
      </Group>
      <Narrowing anyStation={stationId === undefined} />
      <Listing
        label={words.transactions.title}
        list={list}
        columns={columns}
        keyOf={(session) => session.id}
        sort={sort}
        onSort={(wanted) => change({ sort: wanted === "-startedAt" ? undefined : wanted })}
        onRow={(session) => void navigate({ to: `/sessions/${session.id}` })}
        empty={
          <Empty
            icon={<IconPlugConnected size={40} aria-hidden />}
            title={waiting ? words.transactions.emptyLive : words.transactions.empty}
          >
            {waiting ? words.transactions.emptyLiveHelp : filtered ? words.transactions.emptyHelp : null}
          </Empty>
        }
      />
    </Stack>
  );
}

function parameters(about: Record<string, unknown>): string {
  return new URLSearchParams(Object.entries(about).map(([name, value]) => [name, String(value)])).toString();
}

function Narrowing({ anyStation }: { anyStation: boolean }) {
  const words = useWords();
  const [filters, change] = useFilters();
  const { state: _, ...narrowing } = filters;
  const said = words.transactions;
  return (
    <FilterBar filters={narrowing} change={change}>
      {anyStation && (
        <>
          <SitePick value={asNumber(filters.site)} change={(site) => change({ site })} />
          <StationPick
            label={said.station}
            value={asNumber(filters.station)}
            change={(station) => change({ station })}
          />
        </>
      )}
      <SearchField
        label={said.token}
        hint={said.tokenHint}
        value={asText(filters.token)}
        change={(token) => change({ token })}
      />
      <FilterTruth
        label={said.verdict}
        value={asTruth(filters.refused)}
        yes={said.refusedOnly}
        no={said.acceptedOnly}
        change={(refused) => change({ refused })}
      />
      <FilterMoment label={said.from} value={asText(filters.from)} change={(from) => change({ from })} />
      <FilterMoment label={said.to} value={asText(filters.to)} change={(to) => change({ to })} />
    </FilterBar>
  );
}

function useColumns(state: State, anyStation: boolean, now: (session: TransactionOut) => Now): Column<TransactionOut>[] {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const outlet = useOutlet();
  const said = words.transactions;
  const columns: Column<TransactionOut>[] = [
    {
      name: said.started,
      sort: "startedAt",
      cell: (session) => (
        <Anchor component={Link} to={`/sessions/${session.id}`} size="sm">
          {format.instant(session.startedAt)}
        </Anchor>
      ),
    },
    {
      name: anyStation ? said.station : said.outlet,
      cell: (session) =>
        anyStation ? (
          <>
            <Anchor component={Link} to={`/stations/${session.stationId}`} size="sm">
              {session.station}
            </Anchor>
            <Text size="xs" c="dimmed">
              {outlet(session)}
            </Text>
          </>
        ) : (
          outlet(session)
        ),
    },
    {
      name: said.token,
      wide: true,
      cell: (session) => (
        <Group gap={6}>
          {session.tokenId !== null && may("tokens.read") ? (
            <Anchor component={Link} to={`/tokens/${session.tokenId}`} size="sm">
              {session.token || said.token}
            </Anchor>
          ) : (
            session.token || said.noToken
          )}
          {session.verdict !== "" && session.verdict !== "Accepted" && <VerdictBadge verdict={session.verdict} />}
        </Group>
      ),
    },
    { name: said.state, wide: state === "ended", cell: (session) => <SessionBadge session={session} /> },
  ];
  if (state !== "ended") {
    columns.push(
      { name: said.power, align: "right", cell: (session) => format.power(now(session).powerW) },
      { name: said.soc, align: "right", wide: true, cell: (session) => format.percent(now(session).socPercent) },
    );
  }
  columns.push(
    { name: said.energy, align: "right", wide: state !== "ended", cell: (session) => format.energy(now(session).energyWh) },
    { name: said.duration, align: "right", wide: true, cell: (session) => <Lasted session={session} /> },
  );
  if (state !== "active") {
    columns.push({
      name: said.cost,
      align: "right",
      wide: true,
      cell: (session) => format.money(session.cost, session.currency),
    });
  }
  return columns;
}

function Lasted({ session }: { session: TransactionOut }) {
  const format = useFormat();
  const now = useNow();
  return <>{format.duration(lasted(session, now))}</>;
}
