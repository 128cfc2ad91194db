/** Why a station was told what it was told about a token, in words. */
import type { JudgementOut } from "@/shared/api/schema.gen.ts";
import type { Words } from "@/shared/i18n/en/index.ts";
import type { Formats } from "@/shared/units/format.ts";

export type Why = { why: string; todo: string };

type Facts = Pick<JudgementOut, "reason" | "moment" | "transactions" | "evseIds">;

/** The reason, and what can be done about it (empty where there is nothing to do). An unknown reason stays the word it is. */
export function whyOf(judgement: Facts, words: Words, format: Formats): Why {
  const reasons: Record<string, Why | undefined> = words.tokens.reasons;
  const known = reasons[judgement.reason] ?? { why: judgement.reason, todo: "" };
  const more: string[] = [];
  if (judgement.moment !== null) {
    const tell = judgement.reason === "not_yet_valid" ? words.tokens.validFromThen : words.tokens.validUntilThen;
    more.push(tell(format.instant(judgement.moment)));
  }
  if (judgement.evseIds.length > 0) more.push(words.tokens.onlyAt(judgement.evseIds.join(", ")));
  return { why: [known.why, ...more].join(" "), todo: known.todo };
}
