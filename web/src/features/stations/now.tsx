/** One station as it is now: its outlets, what they give, and what can be done about it. */
import { Alert, Button, Card, Group, Menu, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { StationDetail, TransactionOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useSites } from "@/shared/api/scope.tsx";
import { CommandMenu } from "@/shared/commanding/menu.tsx";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useReadings } from "@/shared/live/live.tsx";
import { StationFrame } from "@/shared/station/frame.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { EditStation } from "./edit.tsx";
import { Evse } from "./evse.tsx";
import { LetIn } from "./let-in.tsx";
import { PasswordDialog } from "./password.tsx";
import { RemoveStation } from "./remove.tsx";

export function StationNow() {
  return (
    <StationFrame tab="now" actions={(station) => <Actions station={station} />}>
      {(station) => <Now station={station} />}
    </StationFrame>
  );
}

function Now({ station }: { station: StationDetail }) {
  const words = useWords();
  const readings = useReadings();
  const may = useMay();
  const active = useListed<TransactionOut>(
    ["transactions", "list", { state: "active", stationId: station.id }],
    (cursor, signal) =>
      told(
        api.GET("/api/v1/transactions", {
          params: { query: { state: "active", stationId: station.id, ...said({ cursor }) } },
          signal,
        }),
      ),
    may("transactions.read"),
  );
  const evseIds = [...new Set(station.connectors.map((one) => one.evseId))].filter((id) => id > 0);
  return (
    <Stack>
      {station.registration !== "Accepted" && <LetIn station={station} />}
      {!station.enabled && <Alert color="orange">{words.stations.disabledHelp}</Alert>}
      {evseIds.length === 0 && (
        <Paper withBorder p="md">
          <Text>{station.bootedAt ? words.stations.noOutlets : words.stations.neverSeen}</Text>
        </Paper>
      )}
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {evseIds.map((evseId) => (
          <Evse
            key={evseId}
            station={station}
            evseId={evseId}
            connectors={station.connectors.filter((one) => one.evseId === evseId)}
            readings={readings.of(station.id, evseId)}
            session={active.items.find((one) => one.evseId === evseId)}
          />
        ))}
      </SimpleGrid>
      <About station={station} />
    </Stack>
  );
}

function About({ station }: { station: StationDetail }) {
  const words = useWords();
  const format = useFormat();
  const site = useSites().find((one) => one.id === station.siteId);
  const details = Object.entries(station.bootDetails as Record<string, unknown>).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {words.stations.about}
        </Title>
        <Facts
          of={[
            [words.stations.site, site?.name],
            [words.stations.make, [station.vendor, station.model].filter(Boolean).join(" ")],
            [words.stations.serialNumber, station.serialNumber],
            [words.stations.firmware, station.firmwareVersion],
            ["OCPP", station.version],
            [words.stations.securityProfile, words.stations.profiles[station.securityProfile as 0 | 1 | 2 | 3]],
            [words.stations.address, station.url],
            [words.stations.lastSeen, station.lastSeenAt && <Ago at={station.lastSeenAt} />],
            [words.stations.connectionChanged, station.connectionChangedAt && format.instant(station.connectionChangedAt)],
            [words.stations.booted, station.bootedAt && format.instant(station.bootedAt)],
            [words.stations.bootReason, station.bootReason],
            [words.stations.waiting, station.waitingCommands || null],
            ...details,
          ]}
        />
      </Stack>
    </Card>
  );
}

type Open = "edit" | "password" | "remove" | null;

function Actions({ station }: { station: StationDetail }) {
  const words = useWords();
  const may = useMay();
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  return (
    <Group gap="xs">
      <CommandMenu station={station} />
      {may("stations.write") && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button variant="default" px="xs" aria-label={words.stations.more}>
              <IconDots size={18} aria-hidden />
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item onClick={() => setOpen("edit")}>{words.everyday.change}</Menu.Item>
            <Menu.Item onClick={() => setOpen("password")}>{words.stations.newPassword}</Menu.Item>
            <Menu.Item color="red" onClick={() => setOpen("remove")}>
              {words.everyday.remove}
            </Menu.Item>
          </Menu.Dropdown>
        </Menu>
      )}
      {open === "edit" && <EditStation station={station} close={close} />}
      {open === "password" && <PasswordDialog station={station} close={close} />}
      {open === "remove" && <RemoveStation station={station} close={close} />}
    </Group>
  );
}
