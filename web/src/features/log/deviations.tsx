/** What stations do against the specification, and what was made of it. */
import { Anchor, Code, Text } from "@mantine/core";
import { IconShieldCheck } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { DeviationOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { SitePick, useWhere } from "@/shared/station/site.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterMoment, FilterSelect, SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";

export function Deviations() {
  const words = useWords();
  const [filters, change] = useFilters();
  const columns = useColumns();
  const log = words.log;
  const about = said({
    ...useWhere(filters),
    stationId: asNumber(filters.station),
    action: asText(filters.action),
    kind: asText(filters.kind),
    from: asText(filters.from),
    to: asText(filters.to),
  });
  const list = useListed(["deviations", "list", about], (cursor, signal) =>
    told(api.GET("/api/v1/deviations", { params: { query: said({ cursor, ...about }) }, signal })),
  );
  const filtered = Object.keys(filters).length > 0;
  return (
    <Page title={log.deviations} under={[{ title: log.title, to: "/log" }]}>
      <FilterBar filters={filters} change={change}>
        <SitePick value={asNumber(filters.site)} change={(site) => change({ site })} />
        <StationPick
          label={log.station}
          value={asNumber(filters.station)}
          change={(station) => change({ station })}
        />
        <SearchField label={log.action} value={asText(filters.action)} change={(action) => change({ action })} />
        <FilterSelect
          label={log.kind}
          value={asText(filters.kind)}
          choices={Object.keys(log.meaning).map((kind) => ({ value: kind, label: kind }))}
          change={(kind) => change({ kind })}
        />
        <FilterMoment label={log.from} value={asText(filters.from)} change={(from) => change({ from })} />
        <FilterMoment label={log.to} value={asText(filters.to)} change={(to) => change({ to })} />
      </FilterBar>
      <Listing
        label={log.deviations}
        list={list}
        columns={columns}
        keyOf={(one) => `${one.receivedAt} ${one.stationId} ${one.action} ${one.kind} ${one.path} ${one.value}`}
        empty={
          <Empty
            icon={<IconShieldCheck size={40} aria-hidden />}
            title={filtered ? log.nothing : log.noDeviations}
          >
            {filtered ? log.nothingHelp : log.noDeviationsHelp}
          </Empty>
        }
      />
    </Page>
  );
}

function useColumns(): Column<DeviationOut>[] {
  const words = useWords();
  const format = useFormat();
  const log = words.log;
  return [
    { name: log.time, wide: true, cell: (one) => format.instant(one.receivedAt) },
    {
      name: log.station,
      cell: (one) => (
        <Anchor component={Link} to={`/stations/${one.stationId}/log`} size="sm">
          {one.station || one.stationId}
        </Anchor>
      ),
    },
    {
      name: log.kind,
      cell: (one) => (
        <>
          <Text size="sm" fw={600}>
            {one.action ? `${one.action}: ${one.kind}` : one.kind}
          </Text>
          <Text size="sm">{log.meaning[one.kind] ?? one.detail}</Text>
          {log.meaning[one.kind] !== undefined && one.detail && (
            <Text size="xs" c="dimmed">
              {one.detail}
            </Text>
          )}
        </>
      ),
    },
    { name: log.where, wide: true, cell: (one) => one.path && <Code>{one.path}</Code> },
    { name: log.value, wide: true, cell: (one) => one.value && <Code>{one.value}</Code> },
  ];
}
