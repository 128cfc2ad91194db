/** How far a command to many stations has come. */
import { Group, Progress, Stack, Text } from "@mantine/core";
import type { BulkOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";

const COLOR: Record<string, string> = {
  accepted: "teal", finished: "teal", refused: "orange", unanswered: "orange", failed: "red", expired: "gray",
  skipped: "gray", cancelled: "gray", running: "blue", sent: "blue", queued: "gray", waiting: "gray",
};

/** Words in which there is nothing more to come. */
const OVER = new Set(["accepted", "finished", "refused", "unanswered", "failed", "expired", "skipped", "cancelled"]);

export function Progression({ bulk }: { bulk: BulkOut }) {
  const words = useWords();
  const counts = Object.entries(bulk.counts).filter(([, count]) => count > 0);
  const over = counts.reduce((sum, [name, count]) => sum + (OVER.has(name) ? count : 0), 0);
  const named: Record<string, string | undefined> = { ...words.states.command, ...words.commands.targets };
  const says = words.commands.counts(over, bulk.total);
  return (
    <Stack gap={4}>
      <Progress.Root size="lg">
        {counts
          .filter(([name]) => OVER.has(name))
          .map(([name, count]) => (
            <Progress.Section
              key={name}
              value={(100 * count) / Math.max(1, bulk.total)}
              color={COLOR[name] ?? "gray"}
              aria-label={named[name] ?? name}
            />
          ))}
      </Progress.Root>
      <Text size="xs">{says}</Text>
      <Group gap="xs">
        {counts.map(([name, count]) => (
          <Text size="xs" key={name} c="dimmed">
            {named[name] ?? name}: {count}
          </Text>
        ))}
      </Group>
    </Stack>
  );
}
