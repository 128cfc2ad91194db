/** What somebody should look at, most urgent first; nothing is said when there is nothing. */
import { Anchor, Badge, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { Overview } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";

type Concern = {
  name: string;
  count: number;
  color: string;
  to: string;
  search?: Record<string, unknown>;
  permission?: string;
};

export function Attention({ overview }: { overview: Overview }) {
  const words = useWords();
  const may = useMay();
  const { stations } = overview;
  const concerns: Concern[] = [
    { name: words.overview.faulted, count: stations.faulted, color: "red", to: "/stations", search: { state: "Faulted" } },
    {
      name: words.overview.security,
      count: overview.criticalSecurityEvents,
      color: "red",
      to: "/security",
      search: { critical: true },
      permission: "log.read",
    },
    { name: words.overview.offline, count: stations.offline, color: "orange", to: "/stations", search: { connected: false } },
    {
      name: words.overview.certificates,
      count: overview.certificatesExpiring,
      color: "orange",
      to: "/certificates",
      search: { expiring: true },
      permission: "certificates.read",
    },
    {
      name: words.overview.pending,
      count: stations.pending,
      color: "yellow",
      to: "/stations",
      search: { registration: "Pending" },
    },
    { name: words.overview.wrong, count: overview.commandsGoneWrong, color: "orange", to: "/commands" },
    { name: words.overview.queued, count: overview.commandsQueued, color: "gray", to: "/commands", search: { status: "queued" } },
    { name: words.overview.never, count: stations.never, color: "gray", to: "/stations", search: { connected: false } },
    { name: words.overview.disabled, count: stations.disabled, color: "gray", to: "/stations" },
  ];
  const shown = concerns.filter((one) => one.count > 0 && (one.permission === undefined || may(one.permission)));
  return (
    <Card withBorder h="100%">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {words.overview.attention}
        </Title>
        {shown.length === 0 && (
          <Group gap="xs">
            <IconCircleCheck size={20} aria-hidden />
            <Text>{words.overview.allWell}</Text>
          </Group>
        )}
        {shown.map((one) => (
          <Group key={one.name} justify="space-between" wrap="nowrap">
            <Anchor component={Link} to={one.to} search={(one.search ?? {}) as never}>
              {one.name}
            </Anchor>
            <Badge color={one.color} variant="light" size="lg">
              {one.count}
            </Badge>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
