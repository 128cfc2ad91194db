/** Who knocked and was not let in, and why. */
import { Stack, Text } from "@mantine/core";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterMoment, FilterSelect, SearchField } from "@/shared/ui/filtering.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { SecurityFrame } from "./frame.tsx";
import { Refusals } from "./tables.tsx";

export function RefusedPage() {
  const words = useWords();
  const [filters, change] = useFilters();
  const asked = {
    station: asText(filters.station),
    reason: asText(filters.reason),
    from: asText(filters.from),
    to: asText(filters.to),
  };
  const list = useListed(["refused-handshakes", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/refused-handshakes", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  return (
    <SecurityFrame here="/security/refused">
      <Stack>
        <Text c="dimmed" size="sm">
          {words.security.refusedHelp}
        </Text>
        <FilterBar filters={filters} change={change}>
          <SearchField
            label={words.security.calledItself}
            hint={words.security.exactly}
            value={asked.station}
            change={(station) => change({ station })}
          />
          <FilterSelect
            label={words.security.why}
            value={asked.reason}
            choices={Object.entries(words.security.reasons).map(([value, { what }]) => ({ value, label: what }))}
            change={(reason) => change({ reason })}
          />
          <FilterMoment label={words.security.from} value={asked.from} change={(from) => change({ from })} />
          <FilterMoment label={words.security.to} value={asked.to} change={(to) => change({ to })} />
        </FilterBar>
        <Refusals list={list} empty={<Empty title={words.security.noRefused}>{words.security.noRefusedHelp}</Empty>} />
      </Stack>
    </SecurityFrame>
  );
}
