import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/certificates", () => import("./all.tsx"), "CertificatesPage"],
  ["/stations/$stationId/certificates", () => import("./station.tsx"), "StationCertificatesPage"],
];
