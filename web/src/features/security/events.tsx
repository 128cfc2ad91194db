/** What stations and the server have noticed about their security. */
import { Stack, Text } from "@mantine/core";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { SitePick, useWhere } from "@/shared/station/site.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterMoment, FilterSelect, FilterTruth } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { SecurityFrame } from "./frame.tsx";
import { Events } from "./tables.tsx";

const SOURCES = ["station", "csms"] as const;
type Source = (typeof SOURCES)[number];

export function SecurityPage() {
  const words = useWords();
  const [filters, change] = useFilters();
  const source = asText(filters.source) as Source | undefined;
  const where = useWhere(filters);
  const asked = {
    ...where,
    type: asText(filters.type),
    critical: asTruth(filters.critical),
    source: source !== undefined && SOURCES.includes(source) ? source : undefined,
    from: asText(filters.from),
    to: asText(filters.to),
    stationId: asNumber(filters.stationId),
  };
  const list = useListed(["security-events", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/security-events", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  return (
    <SecurityFrame here="/security">
      <Stack>
        <Text c="dimmed" size="sm">
          {words.security.eventsHelp}
        </Text>
        <FilterBar filters={filters} change={change}>
          <SitePick value={asNumber(filters.site)} change={(site) => change({ site })} />
          <StationPick
            label={words.security.station}
            value={asked.stationId}
            change={(stationId) => change({ stationId })}
          />
          <FilterTruth
            label={words.security.weight}
            yes={words.security.critical}
            no={words.security.notCritical}
            value={asked.critical}
            change={(critical) => change({ critical })}
          />
          <FilterSelect
            label={words.security.what}
            value={asked.type}
            choices={Object.keys(words.security.types).map((type) => ({ value: type, label: type }))}
            change={(type) => change({ type })}
          />
          <FilterSelect
            label={words.security.noticedBy}
            value={asked.source}
            choices={SOURCES.map((one) => ({ value: one, label: words.security.sources[one] }))}
            change={(chosen) => change({ source: chosen })}
          />
          <FilterMoment label={words.security.from} value={asked.from} change={(from) => change({ from })} />
          <FilterMoment label={words.security.to} value={asked.to} change={(to) => change({ to })} />
        </FilterBar>
        <Events list={list} empty={<Empty title={words.security.noEvents}>{words.security.noEventsHelp}</Empty>} />
      </Stack>
    </SecurityFrame>
  );
}
