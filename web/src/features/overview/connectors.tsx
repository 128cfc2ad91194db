/** All connectors by the state they are in. */
import { Anchor, Card, Group, Progress, Stack, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";

const COLOR: Record<string, string> = {
  Available: "teal", Occupied: "blue", Reserved: "violet", Unavailable: "gray.6", Faulted: "red", Unknown: "gray.4",
};

export function Connectors({ counts }: { counts: Record<string, number> }) {
  const words = useWords();
  const format = useFormat();
  const names: Record<string, string> = { ...words.states.connector, Unknown: words.states.unknown };
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const shown = Object.keys(COLOR).filter((state) => (counts[state] ?? 0) > 0);
  return (
    <Card withBorder h="100%">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {words.stations.connectors}
        </Title>
        {total === 0 && <Text c="dimmed">{words.overview.noConnectors}</Text>}
        {total > 0 && (
          <Progress.Root size={24}>
            {shown.map((state) => (
              <Progress.Section
                key={state}
                value={(100 * (counts[state] ?? 0)) / total}
                color={COLOR[state] ?? "gray"}
                aria-label={names[state] ?? state}
              />
            ))}
          </Progress.Root>
        )}
        {shown.map((state) => (
          <Group key={state} justify="space-between">
            <Group gap="xs">
              <Text c={COLOR[state] ?? "gray"} aria-hidden>
                ●
              </Text>
              {state === "Unknown" ? (
                <Text>{names[state]}</Text>
              ) : (
                <Anchor component={Link} to="/stations" search={{ state } as never}>
                  {names[state]}
                </Anchor>
              )}
            </Group>
            <Text>{format.number(counts[state] ?? 0)}</Text>
          </Group>
        ))}
      </Stack>
    </Card>
  );
}
