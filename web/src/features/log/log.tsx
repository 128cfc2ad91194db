/** What stations and this system say to each other: searched, and followed as it happens. */
import { Alert, Button, Group, Loader, Paper, Skeleton, Stack, Text } from "@mantine/core";
import {
  IconAlertTriangle, IconDownload, IconListDetails, IconPlayerPause, IconPlayerPlay, IconRefresh,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationFrame } from "@/shared/station/frame.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { SitePick, useWhere } from "@/shared/station/site.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterMoment, FilterSelect, FilterTruth, SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { type Following, joined, parametersOf, useFollowing } from "./following.ts";
import { Messages } from "./table.tsx";

const PER_PAGE = 100;

export function Log() {
  const words = useWords();
  return (
    <Page title={words.log.title} actions={<ToDeviations />}>
      <Followed />
    </Page>
  );
}

export function StationLog() {
  return (
    <StationFrame tab="log" actions={(station) => <ToDeviations stationId={station.id} />}>
      {(station) => <Followed stationId={station.id} />}
    </StationFrame>
  );
}

function ToDeviations({ stationId }: { stationId?: number }) {
  const words = useWords();
  const search = stationId === undefined ? {} : { station: stationId };
  return (
    <Button
      variant="default"
      leftSection={<IconAlertTriangle size={16} aria-hidden />}
      renderRoot={(props) => <Link to="/deviations" search={search as never} {...props} />}
    >
      {words.log.deviations}
    </Button>
  );
}

function Followed({ stationId }: { stationId?: number }) {
  const words = useWords();
  const [filters, change] = useFilters();
  const [paused, setPaused] = useState(false);
  const where = useWhere(filters);
  const caller = asText(filters.caller);
  const narrowed = said({
    ...(stationId === undefined && where),
    stationId: stationId ?? asNumber(filters.station),
    caller: caller === "station" || caller === "csms" ? (caller as "station" | "csms") : undefined,
    action: asText(filters.action),
    failed: asTruth(filters.failed),
    search: asText(filters.search),
  });
  const times = said({ from: asText(filters.from), to: asText(filters.to) });
  const about = { ...narrowed, ...times };
  const list = useListed(["messages", "list", about], (cursor, signal) =>
    told(api.GET("/api/v1/messages", { params: { query: said({ cursor, limit: PER_PAGE, ...about }) }, signal })),
  );
  // What is to be seen up to a time that is over does not grow.
  const ends = times.to !== undefined;
  const following = useFollowing(ends ? null : narrowed, paused, list.again);
  const messages = joined(following.messages, list.items);
  const filtered = Object.keys(filters).length > 0;
  return (
    <Stack>
      <Narrowing anyStation={stationId === undefined} filters={filters} change={change} />
      <Group justify="space-between">
        {ends ? (
          <Text size="sm" c="dimmed">
            {words.log.past}
          </Text>
        ) : (
          <Tail following={following} paused={paused} pause={setPaused} />
        )}
        <Button
          component="a"
          href={`/api/v1/messages/export?${parametersOf(about)}`}
          download="messages.jsonl"
          title={words.log.exportHint}
          variant="default"
          size="sm"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {words.log.exportLines}
        </Button>
      </Group>
      {following.missed > 0 && (
        <Alert color="orange">
          <Group justify="space-between">
            {words.log.missed(following.missed)}
            <Button size="xs" variant="default" leftSection={<IconRefresh size={14} aria-hidden />} onClick={list.again}>
              {words.log.reload}
            </Button>
          </Group>
        </Alert>
      )}
      {list.refused ? (
        <Refusal error={list.refused} again={list.again} />
      ) : list.loading ? (
        <Skeleton h={320} aria-label={words.everyday.loading} />
      ) : messages.length === 0 ? (
        <Paper withBorder>
          <Empty
            icon={<IconListDetails size={40} aria-hidden />}
            title={filtered ? words.log.nothing : words.log.empty}
          >
            {filtered ? words.log.nothingHelp : words.log.emptyHelp}
          </Empty>
        </Paper>
      ) : (
        <Messages
          messages={messages}
          anyStation={stationId === undefined}
          more={list.more}
          loadingMore={list.loadingMore}
        />
      )}
    </Stack>
  );
}

function Tail({ following, paused, pause }: { following: Following; paused: boolean; pause: (paused: boolean) => void }) {
  const words = useWords();
  return (
    <Group gap="sm">
      <Button
        size="sm"
        variant={paused ? "filled" : "default"}
        leftSection={paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
        onClick={() => pause(!paused)}
      >
        {paused ? words.log.follow : words.log.pause}
      </Button>
      <Group gap={6} role="status" data-live={following.live}>
        {!following.live && <Loader size="xs" aria-hidden />}
        <Text size="sm" c="dimmed">
          {paused ? words.log.paused(following.held) : following.live ? words.log.following : words.connection.connecting}
        </Text>
      </Group>
    </Group>
  );
}

type NarrowingProps = {
  anyStation: boolean;
  filters: ReturnType<typeof useFilters>[0];
  change: ReturnType<typeof useFilters>[1];
};

function Narrowing({ anyStation, filters, change }: NarrowingProps) {
  const words = useWords();
  const log = words.log;
  return (
    <FilterBar filters={filters} change={change}>
      {anyStation && (
        <>
          <SitePick value={asNumber(filters.site)} change={(site) => change({ site })} />
          <StationPick
            label={log.station}
            value={asNumber(filters.station)}
            change={(station) => change({ station })}
          />
        </>
      )}
      <SearchField label={log.action} value={asText(filters.action)} change={(action) => change({ action })} />
      <FilterSelect
        label={log.who}
        value={asText(filters.caller)}
        choices={[
          { value: "station", label: log.fromStation },
          { value: "csms", label: log.fromUs },
        ]}
        change={(caller) => change({ caller })}
      />
      <FilterTruth
        label={log.outcome}
        value={asTruth(filters.failed)}
        yes={log.failedOnly}
        no={log.fineOnly}
        change={(failed) => change({ failed })}
      />
      <SearchField
        label={log.search}
        hint={log.searchHint}
        value={asText(filters.search)}
        change={(search) => change({ search })}
      />
      <FilterMoment label={log.from} value={asText(filters.from)} change={(from) => change({ from })} />
      <FilterMoment label={log.to} value={asText(filters.to)} change={(to) => change({ to })} />
    </FilterBar>
  );
}
