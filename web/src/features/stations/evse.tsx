/** One EVSE: its connectors, what flows, and the session that runs there. */
import { Anchor, Button, Card, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { IconPlug, IconPlugConnected } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { ConnectorOut, EvseReadings, StationDetail, TransactionOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { CommandDialog } from "@/shared/commanding/dialog.tsx";
import { type Kind, useOffered } from "@/shared/commanding/kinds.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { nowOf } from "@/shared/live/session.ts";
import { Ago } from "@/shared/ui/ago.tsx";
import { StateBadge } from "@/shared/ui/badges.tsx";

type Props = {
  station: StationDetail;
  evseId: number;
  connectors: readonly ConnectorOut[];
  readings: EvseReadings | undefined;
  session: TransactionOut | undefined;
};

export function Evse({ station, evseId, connectors, readings, session }: Props) {
  const words = useWords();
  const format = useFormat();
  const now = session && nowOf(session, readings);
  const phases = Object.entries(readings?.currentPerPhaseA ?? {});
  return (
    <Card withBorder component="section" aria-label={words.stations.evse(evseId)}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {words.stations.evse(evseId)}
        </Title>
        {connectors.map((one) => (
          <Connector key={one.connectorId ?? 0} connector={one} />
        ))}
        {session && now && (
          <Stack gap={4}>
            <Group justify="space-between" align="baseline">
              <Text size="xl" fw={700}>
                {format.power(now.powerW)}
              </Text>
              <Text>{format.energy(now.energyWh)}</Text>
            </Group>
            {now.socPercent !== null && (
              <Group gap="xs" wrap="nowrap">
                <Progress value={now.socPercent} flex={1} aria-label={words.stations.battery} />
                <Text size="sm">{format.percent(now.socPercent)}</Text>
              </Group>
            )}
            {phases.length > 0 && (
              <Text size="sm" c="dimmed">
                {phases.map(([phase, a]) => `${phase} ${format.current(a)}`).join(" · ")}
              </Text>
            )}
            <Text size="sm">
              {words.stations.sessionSince} <Ago at={session.startedAt} />
              {session.token && ` · ${session.token}`}
            </Text>
            <Anchor component={Link} to={`/sessions/${session.id}`} size="sm">
              {words.stations.session}
            </Anchor>
          </Stack>
        )}
        <Quick station={station} evseId={evseId} session={session} connectors={connectors} />
      </Stack>
    </Card>
  );
}

function Connector({ connector }: { connector: ConnectorOut }) {
  const words = useWords();
  const plugged = connector.pluggedIn;
  return (
    <Stack gap={2}>
      <Group gap="xs">
        <StateBadge connector={connector} />
        {connector.kind && <Text size="sm">{connector.kind}</Text>}
        {plugged !== null && (
          <Group gap={4}>
            {plugged ? <IconPlugConnected size={16} aria-hidden /> : <IconPlug size={16} aria-hidden />}
            <Text size="sm" c="dimmed">
              {plugged ? words.stations.pluggedIn : words.stations.notPluggedIn}
            </Text>
          </Group>
        )}
        {connector.wantedOperative === false && connector.status !== "Unavailable" && (
          <Text size="sm" c="dimmed">
            {words.stations.goingOut}
          </Text>
        )}
      </Group>
      {(connector.errorCode || connector.vendorErrorCode || connector.info) && (
        <Text size="sm" c="red">
          {[connector.errorCode, connector.vendorErrorCode, connector.info].filter(Boolean).join(" · ")}
        </Text>
      )}
      {connector.since && (
        <Text size="xs" c="dimmed">
          {words.stations.since} <Ago at={connector.since} />
        </Text>
      )}
    </Stack>
  );
}

/** What one does at an outlet most often. */
function Quick({ station, evseId, session, connectors }: Omit<Props, "readings">) {
  const words = useWords();
  const may = useMay();
  const offered = useOffered(station.capabilities);
  const [kind, choose] = useState<Kind | null>(null);
  const find = (name: string) => offered.find((one) => one.kind === name);
  const start = find("StartCharging");
  const stop = find("StopCharging");
  const unlock = find("UnlockConnector");
  if (!may("commands.send")) return null;
  const connectorId = connectors.find((one) => one.connectorId !== null)?.connectorId;
  return (
    <Group gap="xs">
      {session && stop && (
        <Button size="xs" color="red" variant="light" onClick={() => choose(stop)}>
          {words.stations.stop}
        </Button>
      )}
      {!session && start && (
        <Button size="xs" variant="light" onClick={() => choose(start)}>
          {words.stations.start}
        </Button>
      )}
      {!session && unlock && (
        <Button size="xs" variant="default" onClick={() => choose(unlock)}>
          {words.stations.unlock}
        </Button>
      )}
      {kind && (
        <CommandDialog
          kind={kind}
          station={station}
          given={given(kind.kind, evseId, connectorId, session)}
          close={() => choose(null)}
        />
      )}
    </Group>
  );
}

function given(kind: string, evseId: number, connectorId: number | null | undefined, session: TransactionOut | undefined) {
  if (kind === "StopCharging") return { transactionId: session?.id };
  return kind === "UnlockConnector" ? { evseId, connectorId: connectorId ?? null } : { evseId };
}
