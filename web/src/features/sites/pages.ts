import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/sites", () => import("./sites.tsx"), "SitesPage"],
  ["/sites/new", () => import("./siteEditing.tsx"), "NewSitePage"],
  ["/sites/$siteId", () => import("./site.tsx"), "SitePage"],
  ["/sites/$siteId/edit", () => import("./siteEditing.tsx"), "EditSitePage"],
  ["/organisations", () => import("./organisations.tsx"), "OrganisationsPage"],
  ["/organisations/new", () => import("./organisationEditing.tsx"), "NewOrganisationPage"],
  ["/organisations/$organisationId", () => import("./organisationEditing.tsx"), "EditOrganisationPage"],
];
