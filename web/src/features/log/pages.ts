import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/log", () => import("./log.tsx"), "Log"],
  ["/stations/$stationId/log", () => import("./log.tsx"), "StationLog"],
  ["/deviations", () => import("./deviations.tsx"), "Deviations"],
];
