/** Chooses a station by what it is called; those that fit come while one types. */
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "../api/client.ts";
import { said } from "../api/lists.ts";
import { useWords } from "../i18n/index.tsx";
import { named, useStation } from "./station.ts";

type Props = {
  label: string;
  value: number | undefined;
  change: (stationId: number | undefined) => void;
  error?: string | undefined;
};

const SHOWN = 20;

export function StationPick({ label, value, change, error }: Props) {
  const words = useWords();
  const [typed, setTyped] = useState("");
  const [asked] = useDebouncedValue(typed.trim(), 150);
  const chosen = useStation(value);
  const known = chosen.data && named(chosen.data);
  const search = asked === known ? "" : asked;
  const found = useQuery({
    queryKey: ["stations", "choice", { search }],
    queryFn: ({ signal }) =>
      told(api.GET("/api/v1/stations", { signal, params: { query: said({ search, limit: SHOWN, sort: "stationId" }) } })),
    placeholderData: keepPreviousData,
  });
  const offered = (found.data?.items ?? []).map((one) => ({ value: String(one.id), label: named(one) }));
  const missing = value !== undefined && !offered.some((one) => one.value === String(value));
  return (
    <Select
      label={label}
      placeholder={words.everyday.any}
      size="sm"
      style={{ flex: "1 1 180px", maxWidth: 260 }}
      error={error}
      searchable
      clearable
      clearButtonProps={{ "aria-label": `${words.everyday.clear}: ${label}` }}
      nothingFoundMessage={words.nav.nothing}
      data={missing ? [{ value: String(value), label: known ?? String(value) }, ...offered] : offered}
      // The server has looked already, in more than what is shown here.
      filter={({ options }) => options}
      value={value === undefined ? null : String(value)}
      onSearchChange={setTyped}
      onChange={(id) => change(id === null ? undefined : Number(id))}
    />
  );
}
