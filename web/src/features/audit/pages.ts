import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/audit", () => import("./audit.tsx"), "AuditPage"],
  ["/audit/$auditId", () => import("./change.tsx"), "ChangePage"],
];
