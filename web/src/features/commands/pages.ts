import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/commands", () => import("./list.tsx"), "CommandList"],
  ["/commands/bulk", () => import("./bulk-list.tsx"), "BulkList"],
  ["/commands/bulk/$bulkId", () => import("./bulk.tsx"), "BulkPage"],
  ["/stations/$stationId/commands", () => import("./station.tsx"), "StationCommands"],
];
