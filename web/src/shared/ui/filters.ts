/** What a page shows is in its address, so that every view can be linked to and gone back to. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

export type Filters = Record<string, string | number | boolean | undefined>;

/** The parameters of the page's address, and how to change some of them; what is undefined or empty goes away. */
export function useFilters(): [Filters, (changed: Filters) => void] {
  const filters: Filters = useSearch({ strict: false });
  const navigate = useNavigate();
  const change = useCallback(
    (changed: Filters) => {
      void navigate({
        to: ".",
        replace: true,
        search: ((before: Filters) =>
          Object.fromEntries(
            Object.entries({ ...before, ...changed }).filter(([, value]) => value !== undefined && value !== ""),
          )) as never,
      });
    },
    [navigate],
  );
  return [filters, change];
}

/** A parameter as text, number or truth; undefined when it is something else. */
export const asText = (value: Filters[string]): string | undefined =>
  typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
export const asNumber = (value: Filters[string]): number | undefined => (typeof value === "number" ? value : undefined);
export const asTruth = (value: Filters[string]): boolean | undefined => (typeof value === "boolean" ? value : undefined);
