/** Whether a token may charge just now, as far as its record says. */
import { Badge, type MantineColor } from "@mantine/core";
import type { TokenOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { useNow } from "@/shared/ui/now.ts";

export type TokenState = "blocked" | "notYet" | "expired" | "masterPass" | "valid";

type Facts = Pick<TokenOut, "blocked" | "validFrom" | "validUntil" | "masterPass">;

/** In the order in which a verdict looks at them. */
export function stateOf(token: Facts, now: Date): TokenState {
  if (token.blocked) return "blocked";
  if (token.validFrom !== null && now < new Date(token.validFrom)) return "notYet";
  if (token.validUntil !== null && now >= new Date(token.validUntil)) return "expired";
  return token.masterPass ? "masterPass" : "valid";
}

const COLORS: Record<TokenState, MantineColor> = {
  blocked: "red",
  notYet: "gray",
  expired: "orange",
  masterPass: "violet",
  valid: "teal",
};

export function TokenBadge({ token }: { token: Facts }) {
  const words = useWords();
  const state = stateOf(token, useNow());
  return (
    <Badge color={COLORS[state]} variant="light">
      {words.tokens.states[state]}
    </Badge>
  );
}
