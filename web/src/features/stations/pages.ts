import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/stations", () => import("./list.tsx"), "StationList"],
  ["/stations/new", () => import("./new.tsx"), "NewStation"],
  ["/stations/$stationId", () => import("./now.tsx"), "StationNow"],
];
