import type { Pages } from "@/shared/pages.ts";

export const pages: Pages = [];
