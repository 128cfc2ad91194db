/** Keys by which programs use the API. */
import { Badge, Button, Code, Stack, type MantineColor } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { KeyOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterSelect } from "@/shared/ui/filtering.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { useNow } from "@/shared/ui/now.ts";
import { Page } from "@/shared/ui/page.tsx";
import { placeName } from "./grants.ts";
import { useNamed } from "./places.ts";

const STATES = ["active", "expired", "revoked"] as const;
type State = (typeof STATES)[number];
const COLORS: Record<State, MantineColor> = { active: "teal", expired: "orange", revoked: "gray" };

export function KeysPage() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const named = useNamed();
  const [filters, change] = useFilters();
  const [revoking, revoke] = useState<KeyOut | null>(null);
  const state = asText(filters.state) as State | undefined;
  const asked = {
    organisationId: useScope().scope.organisationId,
    state: state !== undefined && STATES.includes(state) ? state : undefined,
  };
  const list = useListed(["keys", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/api-keys", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const columns: Column<KeyOut>[] = [
    { name: words.accounts.keyName, cell: (key) => key.name },
    { name: words.accounts.begins, wide: true, cell: (key) => <Code>{key.prefix}…</Code> },
    { name: words.accounts.role, cell: (key) => `${words.accounts.roles[key.role]} · ${placeName(key, named)}` },
    { name: words.accounts.state, cell: (key) => <KeyState of={key} /> },
    {
      name: words.accounts.used,
      wide: true,
      cell: (key) => (key.usedAt === null ? words.accounts.never : <Ago at={key.usedAt} />),
    },
    {
      name: words.accounts.expires,
      wide: true,
      cell: (key) => (key.expiresAt === null ? words.accounts.never : format.date(key.expiresAt)),
    },
    { name: words.accounts.createdBy, wide: true, cell: (key) => key.createdBy },
  ];
  if (may("keys.write")) {
    columns.push({
      name: words.everyday.change,
      align: "right",
      cell: (key) =>
        key.revokedAt === null && (
          <Button
            size="xs"
            variant="default"
            c="red"
            aria-label={`${words.accounts.revoke}: ${key.name}`}
            onClick={() => revoke(key)}
          >
            {words.accounts.revoke}
          </Button>
        ),
    });
  }
  const adding = may("keys.write") && (
    <Button component={Link} to="/keys/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {words.accounts.addKey}
    </Button>
  );
  return (
    <Page title={words.nav.keys} actions={adding}>
      <Stack>
        <FilterBar filters={filters} change={change}>
          <FilterSelect
            label={words.accounts.state}
            value={asked.state}
            choices={STATES.map((one) => ({ value: one, label: words.accounts.keyStates[one] }))}
            change={(chosen) => change({ state: chosen })}
          />
        </FilterBar>
        <Listing
          label={words.nav.keys}
          list={list}
          columns={columns}
          keyOf={(key) => key.id}
          empty={
            <Empty title={words.accounts.noKeys} action={adding}>
              {words.accounts.noKeysHelp}
            </Empty>
          }
        />
      </Stack>
      {revoking !== null && <Revoking of={revoking} close={() => revoke(null)} />}
    </Page>
  );
}

function KeyState({ of }: { of: KeyOut }) {
  const words = useWords();
  const now = useNow();
  const expired = of.expiresAt !== null && new Date(of.expiresAt) <= now;
  const state: State = of.revokedAt !== null ? "revoked" : expired ? "expired" : "active";
  return (
    <Badge variant="light" color={COLORS[state]}>
      {words.accounts.keyStates[state]}
    </Badge>
  );
}

function Revoking({ of, close }: { of: KeyOut; close: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  return (
    <Confirm
      opened
      close={close}
      title={words.accounts.revokeTitle(of.name)}
      act={words.accounts.revoke}
      run={async () => {
        await told(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: of.id } } }));
        tell(words.accounts.revoked(of.name));
        await client.invalidateQueries({ queryKey: ["keys"] });
      }}
    >
      {words.accounts.revokeHelp}
    </Confirm>
  );
}
