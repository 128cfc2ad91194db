/** Lists of what stations say: of all, or of those at one site. What is chosen above all pages holds until a list names a site. */
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "../api/client.ts";
import { said } from "../api/lists.ts";
import { type Scope, useScope } from "../api/scope.tsx";
import { useWords } from "../i18n/index.tsx";
import { asNumber, type Filters } from "../ui/filters.ts";

/** Where the stations stand that a list is about. */
export function useWhere(filters: Filters): Scope {
  const { scope } = useScope();
  const siteId = asNumber(filters.site);
  return siteId === undefined ? said(scope) : { siteId };
}

type Props = { value: number | undefined; change: (siteId: number | undefined) => void };

const SHOWN = 20;

export function SitePick({ value, change }: Props) {
  const words = useWords();
  const label = words.everyday.site;
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 150);
  const chosen = useQuery({
    queryKey: ["sites", "one", value],
    queryFn: () => told(api.GET("/api/v1/sites/{site_id}", { params: { path: { site_id: value ?? 0 } } })),
    enabled: value !== undefined,
  });
  const search = asked === chosen.data?.name ? "" : asked;
  const found = useQuery({
    queryKey: ["sites", "choice", { search }],
    queryFn: ({ signal }) =>
      told(api.GET("/api/v1/sites", { signal, params: { query: said({ search, limit: SHOWN, sort: "name" }) } })),
    placeholderData: keepPreviousData,
  });
  const offered = (found.data?.items ?? []).map((one) => ({ value: String(one.id), label: one.name }));
  const missing = value !== undefined && !offered.some((one) => one.value === String(value));
  if (offered.length === 0 && typed === "" && value === undefined) return null;
  return (
    <Select
      label={label}
      placeholder={words.everyday.any}
      size="sm"
      style={{ flex: "1 1 150px", maxWidth: 220 }}
      searchable
      clearable
      clearButtonProps={{ "aria-label": `${words.everyday.clear}: ${label}` }}
      nothingFoundMessage={words.nav.nothing}
      data={missing ? [{ value: String(value), label: chosen.data?.name ?? String(value) }, ...offered] : offered}
      // The server has looked already, in more than what is shown here.
      filter={({ options }) => options}
      value={value === undefined ? null : String(value)}
      onSearchChange={setTyped}
      onChange={(id) => change(id === null ? undefined : Number(id))}
    />
  );
}
