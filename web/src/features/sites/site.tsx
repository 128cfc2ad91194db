/** One site: where it is, its stations and how they are. */
import { Anchor, Badge, Button, Group, Paper, Stack, Title } from "@mantine/core";
import { IconPencil, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { useListed } from "@/shared/api/lists.ts";
import type { Overview, SiteOut, StationOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { ifStill, type Tagged } from "@/shared/api/tagged.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { named, useNumber } from "@/shared/station/station.ts";
import { Asked } from "@/shared/ui/asked.tsx";
import { OnlineBadge, StateBadge } from "@/shared/ui/badges.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Page } from "@/shared/ui/page.tsx";
import { useAnew, useOwnerName, useSite } from "./known.ts";

export function SitePage() {
  const words = useWords();
  const may = useMay();
  const id = useNumber("siteId");
  const site = useSite(id);
  const navigate = useNavigate();
  const columns = useColumns();
  const above = [{ title: words.nav.sites, to: "/sites" }];
  const counts = useQuery({
    queryKey: ["overview", { siteId: id }],
    queryFn: () => told(api.GET("/api/v1/overview", { params: { query: { siteId: id } } })),
  });
  const stations = useListed(["stations", "list", { siteId: id }], (cursor, signal) =>
    told(
      api.GET("/api/v1/stations", {
        signal,
        params: { query: { siteId: id, sort: "stationId", ...(cursor !== undefined && { cursor }) } },
      }),
    ),
  );
  return (
    <Asked of={site} title={words.nav.sites} under={above}>
      {(known) => (
        <Page title={known.value.name} under={above} actions={may("sites.write") && <Actions site={known} />}>
          <Stack>
            <Paper withBorder p="md">
              <Where site={known.value} />
            </Paper>
            <Title order={2} size="h4">
              {words.nav.stations}
            </Title>
            {counts.data && <Counts of={counts.data} />}
            <Listing
              label={words.nav.stations}
              list={stations}
              columns={columns}
              keyOf={(one) => one.id}
              onRow={(one) => void navigate({ to: `/stations/${one.id}` })}
              empty={<Empty title={words.sites.noStations}>{words.sites.noStationsHelp}</Empty>}
            />
          </Stack>
        </Page>
      )}
    </Asked>
  );
}

function Where({ site }: { site: SiteOut }) {
  const words = useWords();
  const format = useFormat();
  const owner = useOwnerName();
  const { latitudeDegrees, longitudeDegrees } = site;
  const placed = latitudeDegrees !== null && longitudeDegrees !== null;
  return (
    <Facts
      of={[
        [words.sites.address, site.address],
        [words.everyday.organisation, owner?.(site.organisationId)],
        [
          words.sites.position,
          placed && `${format.number(latitudeDegrees, 5)}°, ${format.number(longitudeDegrees, 5)}°`,
        ],
        [words.sites.timeZone, site.timeZone],
        [words.sites.createdAt, format.instant(site.createdAt)],
      ]}
    />
  );
}

function Counts({ of }: { of: Overview }) {
  const words = useWords();
  const format = useFormat();
  const states = words.states.connector as Record<string, string>;
  const shown: readonly (readonly [string, number, string])[] = [
    [words.states.online, of.stations.connected, "teal"],
    [words.states.offline, of.stations.offline, of.stations.offline > 0 ? "orange" : "gray"],
    ...Object.entries(of.connectors).map(
      ([state, count]) => [states[state] ?? state, count, state === "Faulted" && count > 0 ? "red" : "gray"] as const,
    ),
  ];
  return (
    <Group gap="xs">
      {shown
        .filter(([, count]) => count > 0)
        .map(([name, count, color]) => (
          <Badge key={name} color={color} variant="light" size="lg">
            {name}: {format.number(count)}
          </Badge>
        ))}
    </Group>
  );
}

function useColumns(): Column<StationOut>[] {
  const words = useWords();
  return [
    {
      name: words.sites.station,
      cell: (station) => (
        <Anchor component={Link} to={`/stations/${station.id}`} size="sm">
          {named(station)}
        </Anchor>
      ),
    },
    { name: words.sites.connection, cell: (station) => <OnlineBadge connected={station.connected} /> },
    {
      name: words.sites.outlets,
      cell: (station) => (
        <Group gap={4}>
          {station.connectors.map((one) => (
            <StateBadge key={`${one.evseId}/${one.connectorId}`} connector={one} />
          ))}
        </Group>
      ),
    },
    { name: words.sites.model, wide: true, cell: (station) => `${station.vendor} ${station.model}` },
  ];
}

function Actions({ site }: { site: Tagged<SiteOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  const [removing, remove] = useState(false);
  const { id, name } = site.value;
  return (
    <>
      <Button component={Link} to={`/sites/${id}/edit`} variant="default" leftSection={<IconPencil size={16} aria-hidden />}>
        {words.everyday.edit}
      </Button>
      <Button variant="default" c="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => remove(true)}>
        {words.everyday.remove}
      </Button>
      <Confirm
        opened={removing}
        close={() => remove(false)}
        title={words.sites.removeTitle(name)}
        act={words.everyday.remove}
        run={async () => {
          await told(
            api.DELETE("/api/v1/sites/{site_id}", { params: { path: { site_id: id } }, headers: ifStill(site) }),
          );
          await navigate({ to: "/sites" });
          tell(words.sites.removed(name));
          anew("sites");
        }}
      >
        {words.sites.removeHelp}
      </Confirm>
    </>
  );
}
