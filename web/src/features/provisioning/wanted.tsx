/** How it stands with what stations are wanted to be set to: all of it, or what was wanted of many at once. */
import { Anchor, Group, Paper, Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import { IconAdjustments } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said as spoken, useListed } from "@/shared/api/lists.ts";
import type { WantedCounts, WantedOfStation } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterSelect, SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { COLOURS, WantedBadge, Why } from "./state.tsx";
import { keyOf, wholeNameOf } from "./variables.ts";

const STATES = ["held", "reboot", "waiting", "failed"] as const;
type State = (typeof STATES)[number];

export function WantedEverywhere() {
  const words = useWords();
  const format = useFormat();
  const said = words.provisioning;
  const [filters, change] = useFilters();
  const named = asText(filters.state);
  const about = spoken({
    stationId: asNumber(filters.station),
    variable: asText(filters.variable),
    wantedAt: asText(filters.at),
  });
  const state = STATES.find((one) => one === named);
  const list = useListed(["wanted", "list", { state, ...about }], (cursor, signal) =>
    told(api.GET("/api/v1/wanted-variables", { params: { query: spoken({ cursor, limit: 200, state, ...about }) }, signal })),
  );
  const counts = useQuery({
    queryKey: ["wanted", "counts", { ...about }],
    queryFn: () => told(api.GET("/api/v1/wanted-variables/counts", { params: { query: about } })),
  });
  const columns = useColumns();
  return (
    <Page
      title={about.wantedAt === undefined ? said.progressTitle : said.progressOf(format.instant(about.wantedAt))}
      under={[{ title: words.nav.stations, to: "/stations" }]}
      actions={
        about.wantedAt !== undefined && (
          <Anchor component={Link} to="/configuration/wanted" search={{} as never}>
            {said.all}
          </Anchor>
        )
      }
    >
      {counts.error ? <Refusal error={counts.error} /> : counts.data && <Standing counts={counts.data} />}
      <FilterBar filters={filters} change={change}>
        <StationPick label={said.station} value={about.stationId} change={(station) => change({ station })} />
        <SearchField label={said.variable} value={about.variable} change={(variable) => change({ variable })} />
        <FilterSelect
          label={said.state}
          value={state}
          choices={STATES.map((one) => ({ value: one, label: said.states[one] }))}
          change={(chosen) => change({ state: chosen })}
        />
      </FilterBar>
      <Listing
        label={said.progressTitle}
        list={list}
        columns={columns}
        keyOf={(one) => `${one.stationId} ${keyOf(one)}`}
        empty={
          <Empty icon={<IconAdjustments size={40} aria-hidden />} title={said.progressNone}>
            {said.progressNoneHelp}
          </Empty>
        }
      />
    </Page>
  );
}

function Standing({ counts }: { counts: WantedCounts }) {
  const words = useWords();
  const format = useFormat();
  const said = words.provisioning;
  const all = STATES.reduce((sum, state) => sum + counts[state], 0);
  if (all === 0) return null;
  return (
    <Paper withBorder p="md" component="section" aria-label={said.progress}>
      <Stack gap="sm">
        <Progress.Root size="lg" aria-hidden>
          {STATES.map((state) => (
            <Progress.Section key={state} value={(counts[state] / all) * 100} color={COLOURS[state]} />
          ))}
        </Progress.Root>
        <SimpleGrid cols={{ base: 2, sm: 4 }} role="status">
          {STATES.map((state: State) => (
            <Group key={state} gap={6}>
              <WantedBadge state={state} />
              <Text fw={600}>{format.number(counts[state])}</Text>
            </Group>
          ))}
        </SimpleGrid>
      </Stack>
    </Paper>
  );
}

function useColumns(): Column<WantedOfStation>[] {
  const words = useWords();
  const said = words.provisioning;
  return [
    {
      name: said.station,
      cell: (one) => (
        <Anchor component={Link} to={`/stations/${one.stationId}/configuration`} size="sm">
          {one.station}
        </Anchor>
      ),
    },
    { name: said.variable, cell: (one) => <span style={{ overflowWrap: "anywhere" }}>{wholeNameOf(one)}</span> },
    { name: said.value, cell: (one) => <span style={{ overflowWrap: "anywhere" }}>{one.value}</span> },
    {
      name: said.state,
      cell: (one) => (
        <>
          <WantedBadge state={one.state} />
          <Why wanted={one} />
          {one.state === "waiting" && !one.connected && (
            <Text size="xs" c="dimmed">
              {said.offline}
            </Text>
          )}
        </>
      ),
    },
    {
      name: said.since,
      wide: true,
      cell: (one) => (
        <>
          <Ago at={one.wantedAt} />
          <Text size="xs" c="dimmed">
            {one.wantedBy}
          </Text>
        </>
      ),
    },
  ];
}
