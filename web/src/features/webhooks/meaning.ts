/** What a kind of event means, as short as it can be said. */
import type { EventKind } from "@/shared/api/schema.gen.ts";
import type { Words } from "@/shared/i18n/en/index.ts";

/** In the language if it has words for it, or what the server says of it first. */
export function meaningOf(kind: EventKind, words: Words): string {
  const known: Record<string, string | undefined> = words.webhooks.kindMeanings;
  return known[kind.kind] ?? kind.meaning.split("\n\n")[0]?.split(/(?<=\.) /)[0] ?? "";
}
