/** Every token, with a search and what narrows it. */
import { Anchor, Button, Code, Stack } from "@mantine/core";
import { IconDownload, IconPlus } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { TokenOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterSelect, FilterTruth, SearchField } from "@/shared/ui/filtering.tsx";
import { asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { KINDS, MEDIA, type Medium } from "./fields.ts";
import { TokensFrame } from "./frame.tsx";
import { TokenBadge } from "./state.tsx";

export function TokensPage() {
  const words = useWords();
  const may = useMay();
  const navigate = useNavigate();
  const columns = useColumns();
  const [filters, change] = useFilters();
  const { organisationId } = useScope().scope;
  const medium = asText(filters.medium);
  const asked = {
    organisationId,
    search: asText(filters.search),
    kind: asText(filters.kind),
    medium: MEDIA.includes(medium as Medium) ? (medium as Medium) : undefined,
    groupId: asText(filters.groupId),
    blocked: asTruth(filters.blocked),
    sort: asText(filters.sort),
  };
  const list = useListed(["tokens", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/tokens", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const narrowed = Object.entries(filters).some(([name]) => name !== "sort");
  const adding = may("tokens.write") && <AddButton />;
  return (
    <TokensFrame
      here="/tokens"
      actions={
        <>
          <Button
            component="a"
            href={`/api/v1/tokens/export${organisationId === undefined ? "" : `?organisationId=${organisationId}`}`}
            download
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {words.tokens.export}
          </Button>
          {adding}
        </>
      }
    >
      <Stack>
        <FilterBar filters={filters} change={change}>
          <SearchField
            label={words.everyday.search}
            hint={words.tokens.searchHint}
            value={asked.search}
            change={(search) => change({ search })}
          />
          <FilterSelect
            label={words.tokens.medium}
            value={asked.medium}
            choices={MEDIA.map((one) => ({ value: one, label: words.tokens.media[one] }))}
            change={(chosen) => change({ medium: chosen })}
          />
          <FilterSelect
            label={words.tokens.kind}
            value={asked.kind}
            choices={KINDS.map((one) => ({ value: one, label: one }))}
            change={(kind) => change({ kind })}
          />
          <SearchField
            label={words.tokens.group}
            value={asked.groupId}
            change={(groupId) => change({ groupId })}
          />
          <FilterTruth label={words.tokens.blocked} value={asked.blocked} change={(blocked) => change({ blocked })} />
        </FilterBar>
        <Listing
          label={words.nav.tokens}
          list={list}
          columns={columns}
          keyOf={(token) => token.id}
          sort={asked.sort}
          onSort={(sort) => change({ sort })}
          onRow={(token) => void navigate({ to: `/tokens/${token.id}` })}
          empty={
            narrowed ? (
              <Empty title={words.tokens.noneFound}>{words.tokens.noneFoundHelp}</Empty>
            ) : (
              <Empty title={words.tokens.none} action={adding}>
                {words.tokens.noneHelp}
              </Empty>
            )
          }
        />
      </Stack>
    </TokensFrame>
  );
}

function AddButton() {
  const words = useWords();
  return (
    <Button component={Link} to="/tokens/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {words.tokens.add}
    </Button>
  );
}

function useColumns(): Column<TokenOut>[] {
  const words = useWords();
  const format = useFormat();
  return [
    {
      name: words.tokens.value,
      sort: "value",
      cell: (token) => (
        <Anchor component={Link} to={`/tokens/${token.id}`} size="sm" ff="monospace" style={{ overflowWrap: "anywhere" }}>
          {token.value}
        </Anchor>
      ),
    },
    { name: words.tokens.visualNumber, wide: true, cell: (token) => token.visualNumber },
    { name: words.tokens.state, cell: (token) => <TokenBadge token={token} /> },
    { name: words.tokens.medium, wide: true, cell: (token) => words.tokens.media[token.medium] },
    { name: words.tokens.kind, wide: true, cell: (token) => token.kind && <Code>{token.kind}</Code> },
    { name: words.tokens.group, wide: true, cell: (token) => token.groupId },
    {
      name: words.tokens.validUntil,
      wide: true,
      cell: (token) => (token.validUntil === null ? words.tokens.forEver : format.date(token.validUntil)),
    },
    { name: words.tokens.changed, wide: true, sort: "changedAt", cell: (token) => <Ago at={token.changedAt} /> },
  ];
}
