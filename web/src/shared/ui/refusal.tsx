/** What the server refused, in words that say what to do. */
import { Alert, Button, List } from "@mantine/core";
import { IconAlertCircle, IconPlugConnectedX } from "@tabler/icons-react";
import { AWAY, Refused } from "../api/client.ts";
import type { Words } from "../i18n/en/index.ts";
import { useWords } from "../i18n/index.tsx";

/** Words for something that went wrong, whatever it was. */
export function wordsFor(error: unknown, words: Words): string {
  if (!(error instanceof Refused)) return words.refusals.unclear;
  if (error.code === AWAY) return words.refusals.away;
  const known = (words.refusals.codes as Record<string, string | undefined>)[error.code];
  return known ?? (error.detail || words.refusals.unclear);
}

type Props = { error: unknown; again?: (() => void) | undefined };

export function Refusal({ error, again }: Props) {
  const words = useWords();
  const away = error instanceof Refused && error.code === AWAY;
  const faults = error instanceof Refused ? error.faults : [];
  return (
    <Alert
      role="alert"
      color="red"
      variant="light"
      icon={away ? <IconPlugConnectedX aria-hidden /> : <IconAlertCircle aria-hidden />}
      title={wordsFor(error, words)}
    >
      {faults.length > 0 && (
        <List size="sm">
          {faults.map((one) => (
            <List.Item key={`${one.path} ${one.message}`}>
              {one.path ? <code>{one.path}</code> : null} {one.message}
            </List.Item>
          ))}
        </List>
      )}
      {again && (
        <Button size="xs" variant="default" onClick={again} mt={faults.length > 0 ? "xs" : 0}>
          {words.everyday.tryAgain}
        </Button>
      )}
    </Alert>
  );
}
