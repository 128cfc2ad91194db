import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/security", () => import("./events.tsx"), "SecurityPage"],
  ["/security/refused", () => import("./refused.tsx"), "RefusedPage"],
  ["/stations/$stationId/security", () => import("./station.tsx"), "StationSecurityPage"],
];
