/** Everybody who is told of what happens. */
import { Anchor, Button, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { WebhookOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { useDeliveriesAnew } from "./known.ts";
import { WebhookBadge } from "./state.tsx";

export function WebhooksPage() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const navigate = useNavigate();
  useDeliveriesAnew();
  const [filters, change] = useFilters();
  const asked = { organisationId: useScope().scope.organisationId, sort: asText(filters.sort) };
  const list = useListed(["webhooks", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/webhooks", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const columns: Column<WebhookOut>[] = [
    {
      name: words.webhooks.name,
      sort: "name",
      cell: (hook) => (
        <Anchor component={Link} to={`/webhooks/${hook.id}`} size="sm">
          {hook.name}
        </Anchor>
      ),
    },
    { name: words.webhooks.state, cell: (hook) => <WebhookBadge hook={hook} /> },
    { name: words.webhooks.url, wide: true, cell: (hook) => <Text size="sm" lineClamp={1}>{hook.url}</Text> },
    {
      name: words.webhooks.kinds,
      wide: true,
      cell: (hook) => (hook.kinds === null ? words.webhooks.allKinds : format.number(hook.kinds.length)),
    },
    {
      name: words.webhooks.delivered,
      cell: (hook) => (hook.deliveredAt === null ? words.webhooks.never : <Ago at={hook.deliveredAt} />),
    },
  ];
  const adding = may("webhooks.write") && (
    <Button component={Link} to="/webhooks/new" leftSection={<IconPlus size={16} aria-hidden />}>
      {words.webhooks.add}
    </Button>
  );
  return (
    <Page title={words.nav.webhooks} actions={adding}>
      <Stack>
        <Text c="dimmed" size="sm">
          {words.webhooks.help}
        </Text>
        <Listing
          label={words.nav.webhooks}
          list={list}
          columns={columns}
          keyOf={(hook) => hook.id}
          sort={asked.sort ?? "name"}
          onSort={(sort) => change({ sort })}
          onRow={(hook) => void navigate({ to: `/webhooks/${hook.id}` })}
          empty={
            <Empty title={words.webhooks.none} action={adding}>
              {words.webhooks.noneHelp}
            </Empty>
          }
        />
      </Stack>
    </Page>
  );
}
