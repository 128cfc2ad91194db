/** Every site: where stations stand. */
import { Anchor, Button, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { SiteOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, SearchField } from "@/shared/ui/filtering.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { useOwnerName } from "./known.ts";

export function SitesPage() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const navigate = useNavigate();
  const owner = useOwnerName();
  const [filters, change] = useFilters();
  const asked = {
    organisationId: useScope().scope.organisationId,
    search: asText(filters.search),
    sort: asText(filters.sort),
  };
  const list = useListed(["sites", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/sites", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const columns: Column<SiteOut>[] = [
    {
      name: words.sites.name,
      sort: "name",
      cell: (site) => (
        <Anchor component={Link} to={`/sites/${site.id}`} size="sm">
          {site.name}
        </Anchor>
      ),
    },
    ...(owner === null
      ? []
      : [{ name: words.everyday.organisation, wide: true, cell: (site: SiteOut) => owner(site.organisationId) }]),
    { name: words.sites.address, cell: (site) => site.address },
    { name: words.sites.timeZone, wide: true, cell: (site) => site.timeZone },
    { name: words.sites.createdAt, wide: true, sort: "createdAt", cell: (site) => format.date(site.createdAt) },
  ];
  const adding = may("sites.write") && (
    <Button component={Link} to="/sites/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {words.sites.add}
    </Button>
  );
  return (
    <Page title={words.nav.sites} actions={adding}>
      <Stack>
        <FilterBar filters={filters} change={change}>
          <SearchField
            label={words.everyday.search}
            hint={words.sites.searchHint}
            value={asked.search}
            change={(search) => change({ search })}
          />
        </FilterBar>
        <Listing
          label={words.nav.sites}
          list={list}
          columns={columns}
          keyOf={(site) => site.id}
          sort={asked.sort ?? "name"}
          onSort={(sort) => change({ sort })}
          onRow={(site) => void navigate({ to: `/sites/${site.id}` })}
          empty={
            asked.search ? (
              <Empty title={words.sites.noneFound} />
            ) : (
              <Empty title={words.sites.none} action={adding}>
                {words.sites.noneHelp}
              </Empty>
            )
          }
        />
      </Stack>
    </Page>
  );
}
