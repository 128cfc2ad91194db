/** Whether a webhook is told of what happens. */
import { Badge, type MantineColor } from "@mantine/core";
import type { WebhookOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";

export type WebhookState = "disabled" | "switchedOff" | "failing" | "working" | "waiting";

/** `disabled` is our doing after too many failures, `switchedOff` somebody's. */
export function stateOf(
  hook: Pick<WebhookOut, "enabled" | "disabledBecause" | "attempt" | "deliveredAt">,
): WebhookState {
  if (!hook.enabled) return hook.disabledBecause ? "disabled" : "switchedOff";
  if (hook.attempt > 0) return "failing";
  return hook.deliveredAt === null ? "waiting" : "working";
}

const COLORS: Record<WebhookState, MantineColor> = {
  disabled: "red",
  switchedOff: "gray",
  failing: "orange",
  working: "teal",
  waiting: "gray",
};

export function WebhookBadge({ hook }: { hook: WebhookOut }) {
  const words = useWords();
  const state = stateOf(hook);
  return (
    <Badge variant="light" color={COLORS[state]}>
      {words.webhooks.states[state]}
    </Badge>
  );
}
