/** What the server refused, in words that say what to do. */
import { Alert, Button, List } from "@mantine/core";
import { IconAlertCircle, IconPlugConnectedX } from "@tabler/icons-react";
import { AWAY, Refused } from "../api/client.ts";
import type { Fault } from "../api/schema.gen.ts";
import type { Words } from "../i18n/en/index.ts";
import { useWords } from "../i18n/index.tsx";

/** Words for something that went wrong, whatever it was. */
export function wordsFor(error: unknown, words: Words): string {
  if (!(error instanceof Refused)) return words.refusals.unclear;
  if (error.code === AWAY) return words.refusals.away;
  return words.refusals.codes[error.code] ?? (error.detail || words.refusals.unclear);
}

/** Words for what is wrong with one field; the server's own, as a sentence, where the language has none for it. */
export function wordsForFault(fault: Fault, words: Words): string {
  const known = words.refusals.faults[fault.code]?.(fault.bound ?? 0) ?? words.refusals.codes[fault.code];
  return known ?? `${fault.message.charAt(0).toUpperCase()}${fault.message.slice(1)}.`;
}

export type Faults = (...paths: string[]) => string | undefined;

/** What is wrong with the field of a path, in words; the first path that was refused counts. */
export function useFaults(error: unknown): Faults {
  const words = useWords();
  return (...paths) => {
    if (!(error instanceof Refused)) return undefined;
    for (const path of paths) {
      const fault = error.fault(path);
      if (fault) return wordsForFault(fault, words);
    }
    return undefined;
  };
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
              {one.path ? <code>{one.path}</code> : null} {wordsForFault(one, words)}
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
