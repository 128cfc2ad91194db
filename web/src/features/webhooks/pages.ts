import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/webhooks", () => import("./webhooks.tsx"), "WebhooksPage"],
  ["/webhooks/new", () => import("./editing.tsx"), "NewWebhookPage"],
  ["/webhooks/$webhookId", () => import("./webhook.tsx"), "WebhookPage"],
  ["/webhooks/$webhookId/dead-letters", () => import("./letters.tsx"), "LettersPage"],
  ["/webhooks/$webhookId/edit", () => import("./editing.tsx"), "EditWebhookPage"],
];
