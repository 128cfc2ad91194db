import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/sessions", () => import("./sessions.tsx"), "Sessions"],
  ["/sessions/$transactionId", () => import("./session.tsx"), "Session"],
  ["/stations/$stationId/sessions", () => import("./sessions.tsx"), "StationSessions"],
];
