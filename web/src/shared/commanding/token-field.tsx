/** A token: one that is known, found by what is on it, or any other. */
import { Autocomplete } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "../api/client.ts";
import { said } from "../api/lists.ts";
import { useMay } from "../api/session.ts";
import type { Values } from "./schema.ts";

type Props = {
  label: string;
  required: boolean;
  error: string | undefined;
  value: Values | undefined;
  change: (value: Values | null) => void;
};

export function TokenField({ label, required, error, value, change }: Props) {
  const may = useMay();
  const text = typeof value?.value === "string" ? value.value : "";
  const [asked] = useDebouncedValue(text, 150);
  const found = useQuery({
    queryKey: ["tokens", "found", { search: asked }],
    queryFn: () => told(api.GET("/api/v1/tokens", { params: { query: said({ search: asked, blocked: false, limit: 20 }) } })),
    enabled: may("tokens.read"),
  });
  const tokens = found.data?.items ?? [];
  return (
    <Autocomplete
      label={label}
      required={required}
      error={error}
      value={text}
      data={[...new Set(tokens.map((one) => one.value))]}
      filter={({ options }) => options}
      renderOption={({ option }) => {
        const token = tokens.find((one) => one.value === option.value);
        return token?.visualNumber ? `${option.value} · ${token.visualNumber}` : option.value;
      }}
      onChange={(chosen) => {
        const kind = tokens.find((one) => one.value === chosen)?.kind;
        change(chosen === "" ? null : { value: chosen, ...(kind && { kind }) });
      }}
    />
  );
}
