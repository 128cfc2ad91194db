/** Everybody who may sign in. */
import { Anchor, Badge, Button, Stack } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { UserOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterSelect, FilterTruth, SearchField } from "@/shared/ui/filtering.tsx";
import { asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { LinkTabs } from "@/shared/ui/tabs.tsx";
import { GrantList } from "./grantList.tsx";
import { type Role, ROLES } from "./grants.ts";

export function useUserTabs() {
  const words = useWords();
  return [
    { to: "/users", name: words.nav.users },
    { to: "/users/roles", name: words.accounts.rolesTable },
  ];
}

export function UsersPage() {
  const words = useWords();
  const may = useMay();
  const navigate = useNavigate();
  const tabs = useUserTabs();
  const [filters, change] = useFilters();
  const role = asText(filters.role) as Role | undefined;
  const asked = {
    organisationId: useScope().scope.organisationId,
    search: asText(filters.search),
    role: role !== undefined && ROLES.includes(role) ? role : undefined,
    enabled: asTruth(filters.enabled),
    sort: asText(filters.sort),
  };
  const list = useListed(["users", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/users", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const columns: Column<UserOut>[] = [
    {
      name: words.accounts.login,
      sort: "login",
      cell: (user) => (
        <Anchor component={Link} to={`/users/${user.id}`} size="sm">
          {user.login}
        </Anchor>
      ),
    },
    { name: words.accounts.fullName, wide: true, cell: (user) => user.name },
    { name: words.accounts.grants, cell: (user) => <GrantList grants={user.grants} /> },
    {
      name: words.accounts.state,
      cell: (user) => (
        <Badge variant="light" color={user.enabled ? "teal" : "gray"}>
          {user.enabled ? words.accounts.enabled : words.accounts.disabled}
        </Badge>
      ),
    },
    {
      name: words.accounts.lastSignIn,
      wide: true,
      cell: (user) => (user.signedInAt === null ? words.accounts.never : <Ago at={user.signedInAt} />),
    },
  ];
  const adding = may("users.write") && (
    <Button component={Link} to="/users/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {words.accounts.addUser}
    </Button>
  );
  return (
    <Page title={words.nav.users} actions={adding}>
      <LinkTabs label={words.nav.users} here="/users" tabs={tabs}>
        <Stack>
          <FilterBar filters={filters} change={change}>
            <SearchField
              label={words.everyday.search}
              hint={words.accounts.searchHint}
              value={asked.search}
              change={(search) => change({ search })}
            />
            <FilterSelect
              label={words.accounts.role}
              value={asked.role}
              choices={ROLES.map((one) => ({ value: one, label: words.accounts.roles[one] }))}
              change={(chosen) => change({ role: chosen })}
            />
            <FilterTruth
              label={words.accounts.state}
              yes={words.accounts.enabled}
              no={words.accounts.disabled}
              value={asked.enabled}
              change={(enabled) => change({ enabled })}
            />
          </FilterBar>
          <Listing
            label={words.nav.users}
            list={list}
            columns={columns}
            keyOf={(user) => user.id}
            sort={asked.sort}
            onSort={(sort) => change({ sort })}
            onRow={(user) => void navigate({ to: `/users/${user.id}` })}
            empty={<Empty title={words.accounts.noUsers}>{words.accounts.noUsersHelp}</Empty>}
          />
        </Stack>
      </LinkTabs>
    </Page>
  );
}
