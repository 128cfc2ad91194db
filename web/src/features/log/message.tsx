/** One call with its answer, as they stood on the wire. */
import { ActionIcon, Badge, Box, Code, CopyButton, Group, SimpleGrid, Stack, Text, Tooltip } from "@mantine/core";
import { IconArrowDownLeft, IconArrowUpRight, IconCheck, IconCopy } from "@tabler/icons-react";
import type { MessageOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import classes from "./message.module.css";

/** Which way it went. */
export function Direction({ caller }: { caller: string }) {
  const words = useWords();
  const inward = caller === "station";
  const label = inward ? words.log.toUs : words.log.toStation;
  const Icon = inward ? IconArrowDownLeft : IconArrowUpRight;
  return (
    <Tooltip label={label}>
      <Box component="span" role="img" aria-label={label} c={inward ? "teal.8" : "violet.7"} className={classes.direction}>
        <Icon size={18} aria-hidden />
      </Box>
    </Tooltip>
  );
}

export function Outcome({ error }: { error: string }) {
  const words = useWords();
  if (error === "") return null;
  return (
    <Badge color={error === "unanswered" ? "orange" : "red"} variant="light" miw="max-content" tt="none">
      {error === "unanswered" ? words.log.unanswered : error}
    </Badge>
  );
}

/** More does not fit into a line; a report of a station has a hundred times as much. */
const LONGEST_GIST = 300;

/** What is in it, short enough for a line. */
export function Gist({ message }: { message: MessageOut }) {
  const text = typeof message.request === "string" ? message.request : JSON.stringify(message.request);
  return (
    <Text size="xs" c="dimmed" ff="monospace" lineClamp={1} style={{ wordBreak: "break-all" }}>
      {(text ?? "").slice(0, LONGEST_GIST)}
    </Text>
  );
}

export function Whole({ message }: { message: MessageOut }) {
  const words = useWords();
  const format = useFormat();
  const said = words.log;
  const whole = JSON.stringify(message, null, 2);
  return (
    <Stack gap="xs" py="xs">
      <Group gap="md">
        <Text size="xs" c="dimmed">
          {format.instant(message.receivedAt)} · OCPP {message.version} · {said.messageId}{" "}
          <Code fz="xs">{message.messageId}</Code>
        </Text>
        <CopyButton value={whole}>
          {({ copied, copy }) => (
            <Tooltip label={copied ? words.everyday.copied : said.copyMessage}>
              <ActionIcon variant="subtle" size="sm" onClick={copy} aria-label={said.copyMessage}>
                {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
              </ActionIcon>
            </Tooltip>
          )}
        </CopyButton>
      </Group>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xs">
        <Payload title={`${message.action} · ${said.request}`} value={message.request} />
        {message.answer === null ? (
          <Text size="sm" c="dimmed">
            {message.error === "" || message.error === "unanswered" ? said.noAnswer : said.errorAnswer(message.error)}
          </Text>
        ) : (
          <Payload title={`${message.action} · ${said.answer}`} value={message.answer} />
        )}
      </SimpleGrid>
      {whole.includes('"***"') && (
        <Text size="xs" c="dimmed">
          {said.secrets}
        </Text>
      )}
    </Stack>
  );
}

function Payload({ title, value }: { title: string; value: unknown }) {
  return (
    <div className={classes.payload}>
      <Text size="xs" fw={600} mb={2}>
        {title}
      </Text>
      <Code block fz="xs" tabIndex={0} aria-label={title} role="region" className={classes.code}>
        {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
      </Code>
    </div>
  );
}
