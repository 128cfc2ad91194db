/** What an event or a refusal means, and what to do about it. */
import type { Words } from "@/shared/i18n/en/index.ts";

export type Meaning = { what: string; todo: string };

/** A vendor's own word stays what it is. */
export function meaningOfEvent(type: string, words: Words): Meaning {
  const known: Record<string, Meaning | undefined> = words.security.types;
  return known[type] ?? { what: type, todo: words.security.vendorsOwn };
}

export function meaningOfRefusal(reason: string, words: Words): Meaning {
  const known: Record<string, Meaning | undefined> = words.security.reasons;
  return known[reason] ?? { what: reason, todo: "" };
}
