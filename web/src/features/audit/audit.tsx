/** Who changed what, and when. */
import { Anchor, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { AuditOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterMoment, FilterSelect, SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { pageOf } from "./difference.ts";

const MOST = 500;

export function AuditPage() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const navigate = useNavigate();
  const [filters, change] = useFilters();
  const asked = {
    organisationId: useScope().scope.organisationId,
    userId: asNumber(filters.userId),
    keyId: asNumber(filters.keyId),
    action: asText(filters.action),
    subject: asText(filters.subject),
    from: asText(filters.from),
    to: asText(filters.to),
  };
  const list = useListed(["audit", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/audit", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const users = useQuery({
    queryKey: ["users", "choice"],
    queryFn: () => told(api.GET("/api/v1/users", { params: { query: { limit: MOST } } })),
    enabled: may("users.read"),
  });
  const columns: Column<AuditOut>[] = [
    {
      name: words.audit.when,
      cell: (one) => (
        <Anchor component={Link} to={`/audit/${one.id}`} size="sm">
          {format.instant(one.at)}
        </Anchor>
      ),
    },
    { name: words.audit.who, cell: (one) => one.actor },
    { name: words.audit.what, cell: (one) => actionIn(words.audit.actions, one.action) },
    { name: words.audit.subject, cell: (one) => <Subject subject={one.subject} /> },
    { name: words.audit.peer, wide: true, cell: (one) => one.peer },
  ];
  return (
    <Page title={words.nav.audit}>
      <Stack>
        <Text c="dimmed" size="sm">
          {words.audit.help}
        </Text>
        <FilterBar filters={filters} change={change}>
          <FilterSelect
            label={words.audit.who}
            value={asked.userId === undefined ? undefined : String(asked.userId)}
            choices={(users.data?.items ?? []).map((one) => ({ value: String(one.id), label: one.login }))}
            change={(id) => change({ userId: id === undefined ? undefined : Number(id) })}
          />
          <FilterSelect
            label={words.audit.what}
            value={asked.action}
            choices={Object.entries(words.audit.actions).map(([value, label]) => ({ value, label }))}
            change={(action) => change({ action })}
          />
          <SearchField
            label={words.audit.subject}
            hint="sites/7"
            value={asked.subject}
            change={(subject) => change({ subject })}
          />
          <FilterMoment label={words.audit.from} value={asked.from} change={(from) => change({ from })} />
          <FilterMoment label={words.audit.to} value={asked.to} change={(to) => change({ to })} />
        </FilterBar>
        <Listing
          label={words.nav.audit}
          list={list}
          columns={columns}
          keyOf={(one) => one.id}
          onRow={(one) => void navigate({ to: `/audit/${one.id}` })}
          empty={<Empty title={words.audit.none}>{words.audit.noneHelp}</Empty>}
        />
      </Stack>
    </Page>
  );
}

/** What was done, in words if there are any. */
export function actionIn(actions: Record<string, string | undefined>, action: string): string {
  return actions[action] ?? action;
}

export function Subject({ subject }: { subject: string }) {
  const page = pageOf(subject);
  if (page === null) return <>{subject}</>;
  return (
    <Anchor component={Link} to={page} size="sm">
      {subject}
    </Anchor>
  );
}
