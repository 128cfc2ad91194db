/** What is around every page about one station: its name, whether it is there, and the other pages about it. */
import { Group, Skeleton, Stack, Tabs } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { StationDetail } from "../api/schema.gen.ts";
import { useMay } from "../api/session.ts";
import { useWords } from "../i18n/index.tsx";
import { OnlineBadge, RegistrationBadge } from "../ui/badges.tsx";
import { Page } from "../ui/page.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { named, useNumber, useStation } from "./station.ts";

const TABS = [
  { tab: "now", path: "", permission: "stations.read" },
  { tab: "sessions", path: "/sessions", permission: "transactions.read" },
  { tab: "configuration", path: "/configuration", permission: "configuration.read" },
  { tab: "log", path: "/log", permission: "log.read" },
  { tab: "commands", path: "/commands", permission: "commands.read" },
  { tab: "security", path: "/security", permission: "log.read" },
  { tab: "certificates", path: "/certificates", permission: "certificates.read" },
] as const;

type Props = {
  tab: (typeof TABS)[number]["tab"];
  actions?: (station: StationDetail) => ReactNode;
  children: (station: StationDetail) => ReactNode;
};

/** For pages below `/stations/$stationId`. */
export function StationFrame({ tab, actions, children }: Props) {
  const words = useWords();
  const may = useMay();
  const id = useNumber("stationId");
  const station = useStation(id);
  const above = [{ title: words.nav.stations, to: "/stations" }];
  if (station.error) {
    return (
      <Page title={words.nav.stations} under={above}>
        <Refusal error={station.error} again={() => void station.refetch()} />
      </Page>
    );
  }
  if (!station.data) {
    return (
      <Stack aria-busy>
        <Skeleton h={32} w={280} />
        <Skeleton h={240} />
      </Stack>
    );
  }
  const known = station.data;
  return (
    <Page
      title={named(known)}
      under={above}
      badge={
        <Group gap={6}>
          <OnlineBadge connected={known.connected} />
          {known.registration !== "Accepted" && <RegistrationBadge registration={known.registration} />}
        </Group>
      }
      actions={actions?.(known)}
    >
      <Tabs value={tab} keepMounted={false} activateTabWithKeyboard={false}>
        <Tabs.List aria-label={named(known)}>
          {TABS.filter((one) => may(one.permission)).map((one) => (
            <Tabs.Tab key={one.tab} value={one.tab} renderRoot={(props) => <Link to={`/stations/${id}${one.path}`} {...props} />}>
              {words.station[one.tab]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value={tab} pt="md">
          {children(known)}
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}
