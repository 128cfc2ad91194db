import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [
  ["/tokens", () => import("./list.tsx"), "TokensPage"],
  ["/tokens/new", () => import("./editing.tsx"), "NewTokenPage"],
  ["/tokens/groups", () => import("./groups.tsx"), "GroupsPage"],
  ["/tokens/judgements", () => import("./judgements.tsx"), "JudgementsPage"],
  ["/tokens/import", () => import("./import.tsx"), "ImportPage"],
  ["/tokens/$tokenId", () => import("./token.tsx"), "TokenPage"],
  ["/tokens/$tokenId/edit", () => import("./editing.tsx"), "EditTokenPage"],
];
