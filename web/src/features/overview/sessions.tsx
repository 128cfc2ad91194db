/** The sessions that run now, the newest first. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { TransactionOut } from "@/shared/api/schema.gen.ts";
import type { Scope } from "@/shared/api/scope.tsx";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useReadings } from "@/shared/live/live.tsx";
import { nowOf } from "@/shared/live/session.ts";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Listing } from "@/shared/ui/listing.tsx";

export function Sessions({ scope }: { scope: Scope }) {
  const words = useWords();
  const format = useFormat();
  const navigate = useNavigate();
  const readings = useReadings();
  const question = { state: "active" as const, limit: 10, ...scope };
  const list = useListed<TransactionOut>(["transactions", "list", { overview: true, ...question }], (cursor, signal) =>
    told(api.GET("/api/v1/transactions", { params: { query: said({ ...question, cursor }) }, signal })),
  );
  const now = (one: TransactionOut) =>
    nowOf(one, one.evseId === null ? undefined : readings.of(one.stationId, one.evseId));
  return (
    <Stack gap="xs">
      <Group justify="space-between" align="baseline">
        <Text component="h2" fw={700} size="lg" m={0}>
          {words.overview.running}
        </Text>
        <Anchor component={Link} to="/sessions">
          {words.overview.allSessions}
        </Anchor>
      </Group>
      <Listing
        label={words.overview.running}
        list={{ ...list, more: null }}
        keyOf={(one) => one.id}
        onRow={(one) => void navigate({ to: `/sessions/${one.id}` })}
        columns={[
          {
            name: words.stations.station,
            cell: (one) => (
              <Anchor component={Link} to={`/sessions/${one.id}`}>
                {one.station}
                {one.evseId !== null && ` · ${one.evseId}`}
              </Anchor>
            ),
          },
          { name: words.overview.power, align: "right", cell: (one) => format.power(now(one).powerW) },
          { name: words.overview.energy, align: "right", cell: (one) => format.energy(now(one).energyWh) },
          { name: words.stations.battery, align: "right", wide: true, cell: (one) => format.percent(now(one).socPercent) },
          { name: words.overview.begun, wide: true, cell: (one) => <Ago at={one.startedAt} /> },
        ]}
        empty={<Empty title={words.overview.nobody} />}
      />
    </Stack>
  );
}
