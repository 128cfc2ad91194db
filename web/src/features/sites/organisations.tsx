/** Every organisation: who operates stations and who provides tokens. */
import { Anchor, Badge, Button, Group, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { OrganisationOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, SearchField } from "@/shared/ui/filtering.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";

export function OrganisationsPage() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const navigate = useNavigate();
  const [filters, change] = useFilters();
  const asked = { search: asText(filters.search), sort: asText(filters.sort) };
  const list = useListed(["organisations", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/organisations", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const columns: Column<OrganisationOut>[] = [
    {
      name: words.sites.name,
      sort: "name",
      cell: (one) => (
        <Anchor component={Link} to={`/organisations/${one.id}`} size="sm">
          {one.name}
        </Anchor>
      ),
    },
    {
      name: words.sites.roles,
      cell: (one) => (
        <Group gap={4}>
          {one.roles.map((role) => (
            <Badge key={role} variant="light" color="gray">
              {words.sites.parties[role]}
            </Badge>
          ))}
        </Group>
      ),
    },
    { name: words.sites.party, cell: (one) => `${one.countryCode} ${one.partyId}` },
    { name: words.sites.createdAt, wide: true, sort: "createdAt", cell: (one) => format.date(one.createdAt) },
  ];
  const adding = may("organisations.write") && (
    <Button component={Link} to="/organisations/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {words.sites.addOrganisation}
    </Button>
  );
  return (
    <Page title={words.nav.organisations} actions={adding}>
      <Stack>
        <FilterBar filters={filters} change={change}>
          <SearchField label={words.everyday.search} value={asked.search} change={(search) => change({ search })} />
        </FilterBar>
        <Listing
          label={words.nav.organisations}
          list={list}
          columns={columns}
          keyOf={(one) => one.id}
          sort={asked.sort ?? "name"}
          onSort={(sort) => change({ sort })}
          onRow={(one) => void navigate({ to: `/organisations/${one.id}` })}
          empty={<Empty title={words.sites.noneFound} />}
        />
      </Stack>
    </Page>
  );
}
