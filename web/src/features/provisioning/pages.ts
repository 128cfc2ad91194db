import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/stations/$stationId/configuration", () => import("./configuration.tsx"), "Configuration"],
  ["/stations/compare", () => import("./compare.tsx"), "Compare"],
  ["/configuration/apply", () => import("./apply.tsx"), "Apply"],
  ["/configuration/wanted", () => import("./wanted.tsx"), "WantedEverywhere"],
];
