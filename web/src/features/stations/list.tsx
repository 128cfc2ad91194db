/** All stations one may see: filtered, sorted, chosen from. */
import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { IconBolt, IconPlus } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { StationOut } from "@/shared/api/schema.gen.ts";
import { useScope, useSites } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { BulkDialog } from "@/shared/commanding/bulk.tsx";
import { useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { OnlineBadge, RegistrationBadge, StateBadge } from "@/shared/ui/badges.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { asText, asTruth, type Filters, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { StationFilters } from "./filter-bar.tsx";

export function StationList() {
  const words = useWords();
  const may = useMay();
  const navigate = useNavigate();
  const { scope } = useScope();
  const sites = useSites();
  const [filters, change] = useFilters();
  const [chosen, choose] = useState<ReadonlySet<number>>(new Set());
  const [asking, setAsking] = useState(false);
  const question = asked(filters, scope);
  const list = useListed<StationOut>(["stations", "list", question], (cursor, signal) =>
    told(api.GET("/api/v1/stations", { params: { query: { ...question, ...said({ cursor }) } }, signal })),
  );
  const shown = useMemo(
    () => columns(words, (id) => sites.find((one) => one.id === id)?.name ?? ""),
    [words, sites],
  );
  const isFiltered = Object.keys(question).some((name) => name !== "sort");
  const add = may("stations.write") && (
    <Button component={Link} to="/stations/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {words.stations.add}
    </Button>
  );
  return (
    <Page title={words.nav.stations} actions={add}>
      <StationFilters filters={filters} change={change} />
      {chosen.size > 0 && (
        <Group gap="sm" role="status">
          <Text size="sm">{words.stations.chosen(chosen.size)}</Text>
          {may("commands.send") && (
            <Button size="xs" onClick={() => setAsking(true)}>
              {words.commands.ask}
            </Button>
          )}
          {may("configuration.write") && (
            <Button size="xs" variant="default" component={Link} to="/configuration/apply" search={{ stations: [...chosen].join(",") } as never}>
              {words.stations.configure}
            </Button>
          )}
          {chosen.size === 2 && may("configuration.read") && (
            <Button size="xs" variant="default" component={Link} to="/stations/compare" search={pair(chosen) as never}>
              {words.stations.compare}
            </Button>
          )}
          <Button size="xs" variant="subtle" onClick={() => choose(new Set())}>
            {words.stations.chooseNone}
          </Button>
        </Group>
      )}
      <Listing
        label={words.nav.stations}
        list={list}
        columns={shown}
        keyOf={(station) => station.id}
        sort={asText(filters.sort) ?? "stationId"}
        onSort={(sort) => change({ sort })}
        onRow={(station) => void navigate({ to: `/stations/${station.id}` })}
        choice={
          may("commands.send")
            ? { chosen, choose, label: (station) => words.stations.choose(station.stationId) }
            : undefined
        }
        empty={
          isFiltered ? (
            <Empty title={words.stations.noneFound}>{words.stations.noneFoundHelp}</Empty>
          ) : (
            <Empty icon={<IconBolt size={40} aria-hidden />} title={words.stations.none} action={add}>
              <Stack component="ol" gap={4} ta="start">
                {words.stations.firstSteps.map((step) => (
                  <li key={step}>{step}</li>
                ))}
              </Stack>
            </Empty>
          )
        }
      />
      {asking && <BulkDialog stationIds={[...chosen]} close={() => setAsking(false)} />}
    </Page>
  );
}

function asked(filters: Filters, scope: { organisationId?: number | undefined; siteId?: number | undefined }) {
  return said({
    search: asText(filters.search),
    state: asText(filters.state) as "Available" | undefined,
    connected: asTruth(filters.connected),
    registration: asText(filters.registration) as "Accepted" | undefined,
    version: asText(filters.version) as "1.6" | undefined,
    vendor: asText(filters.vendor),
    sort: asText(filters.sort),
    ...scope,
  });
}

function pair(chosen: ReadonlySet<number>) {
  const [a, b] = [...chosen];
  return { a, b };
}

function columns(words: ReturnType<typeof useWords>, siteName: (id: number | null) => string): Column<StationOut>[] {
  return [
    {
      name: words.stations.station,
      sort: "stationId",
      cell: (station) => (
        <>
          <Anchor component={Link} to={`/stations/${station.id}`} fw={600}>
            {station.stationId}
          </Anchor>
          {station.name && (
            <Text size="xs" c="dimmed">
              {station.name}
            </Text>
          )}
        </>
      ),
    },
    {
      name: words.stations.connection,
      cell: (station) =>
        station.registration === "Accepted" ? (
          <OnlineBadge connected={station.connected} />
        ) : (
          <RegistrationBadge registration={station.registration} />
        ),
    },
    {
      name: words.stations.connectors,
      cell: (station) => (
        <Group gap={4}>
          {station.connectors
            .filter((one) => one.evseId > 0 && one.connectorId !== null)
            .map((one) => (
              <StateBadge key={`${one.evseId}/${one.connectorId}`} connector={one} />
            ))}
        </Group>
      ),
    },
    { name: words.stations.site, wide: true, cell: (station) => siteName(station.siteId) },
    {
      name: words.stations.make,
      wide: true,
      cell: (station) => [station.vendor, station.model].filter(Boolean).join(" "),
    },
    { name: "OCPP", wide: true, cell: (station) => station.version },
    { name: words.stations.lastSeen, wide: true, cell: (station) => <Ago at={station.lastSeenAt} /> },
  ];
}
