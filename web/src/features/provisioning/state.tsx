/** How it stands with a wanted value: nothing is said to be set before the station has said so. */
import { Badge, Text } from "@mantine/core";
import type { WantedOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNow } from "@/shared/ui/now.ts";

export const COLOURS: Record<WantedOut["state"], string> = { waiting: "blue", held: "teal", reboot: "yellow", failed: "red" };

export function WantedBadge({ state }: { state: WantedOut["state"] }) {
  const words = useWords();
  return (
    <Badge color={COLOURS[state]} variant="light" miw="max-content" title={words.provisioning.means[state]}>
      {words.provisioning.states[state]}
    </Badge>
  );
}

/** Why it is not so, in the station's own word, and when it is tried again. */
export function Why({ wanted }: { wanted: Pick<WantedOut, "state" | "reason" | "retryAt"> }) {
  const words = useWords();
  const format = useFormat();
  const now = useNow();
  if (wanted.state !== "failed") return null;
  const again = wanted.retryAt !== null && Date.parse(wanted.retryAt) > now.getTime() ? format.since(wanted.retryAt, now) : null;
  return (
    <Text size="xs" c="dimmed">
      {wanted.reason}
      {again !== null && ` · ${words.provisioning.retry(again)}`}
    </Text>
  );
}
