/** Views of a list that somebody has given a name, kept in the browser. */
import { useState } from "react";
import type { Filters } from "@/shared/ui/filters.ts";

export type View = { name: string; filters: Filters };

const KEPT = "forecourt.views.stations";

function kept(): View[] {
  try {
    const found: unknown = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return Array.isArray(found) ? (found as View[]) : [];
  } catch {
    return [];
  }
}

export function useViews(): { views: View[]; keep: (view: View) => void; forget: (name: string) => void } {
  const [views, setViews] = useState(kept);
  const store = (after: View[]) => {
    localStorage.setItem(KEPT, JSON.stringify(after));
    setViews(after);
  };
  return {
    views,
    keep: (view) => store([...views.filter((one) => one.name !== view.name), view]),
    forget: (name) => store(views.filter((one) => one.name !== name)),
  };
}
