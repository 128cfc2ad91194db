import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/settings", () => import("./settings.tsx"), "SettingsPage"],
  ["/settings/server", () => import("./server.tsx"), "ServerPage"],
];
