/** What became of a command, as far as is known now. */
import { Alert, Code, Group, Loader, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "../api/client.ts";
import type { CommandOut } from "../api/schema.gen.ts";
import { useFormat, useWords } from "../i18n/index.tsx";
import { CommandBadge } from "../ui/badges.tsx";

const COLOR: Record<CommandOut["status"], string> = {
  queued: "gray", sent: "blue", running: "blue", accepted: "teal", finished: "teal", refused: "orange",
  unanswered: "orange", expired: "gray", failed: "red",
};

const UNDER_WAY = new Set<CommandOut["status"]>(["queued", "sent", "running"]);

/** One command, known anew with every step it takes. */
export function useCommand(command: CommandOut | undefined): CommandOut | undefined {
  const { data } = useQuery({
    queryKey: ["commands", "one", command?.id, { stationId: command?.stationId }],
    queryFn: () => told(api.GET("/api/v1/commands/{command_id}", { params: { path: { command_id: command?.id ?? "" } } })),
    initialData: command,
    enabled: command !== undefined,
  });
  return data;
}

export function Outcome({ command }: { command: CommandOut }) {
  const words = useWords();
  const format = useFormat();
  const says = words.commands.says[command.status];
  return (
    <Alert color={COLOR[command.status]}>
      <Stack gap="xs">
        <Group gap="xs">
          <CommandBadge status={command.status} />
          {UNDER_WAY.has(command.status) && <Loader size="xs" aria-hidden />}
          <Text size="sm">{says}</Text>
        </Group>
        {command.reason && command.status !== "accepted" && (
          <Text size="sm">
            {words.commands.reason}: <Code>{command.reason}</Code>
          </Text>
        )}
        {command.status === "queued" && (
          <Text size="sm">
            {words.commands.until} {format.instant(command.expiresAt)}
          </Text>
        )}
        {command.result && Object.keys(command.result).length > 0 && <Code block>{JSON.stringify(command.result, null, 2)}</Code>}
      </Stack>
    </Alert>
  );
}
