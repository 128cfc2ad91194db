/** What a webhook was told, and what came of it. */
import { Badge, Stack, Text } from "@mantine/core";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { DeliveryOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterSelect } from "@/shared/ui/filtering.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { WebhookFrame } from "./frame.tsx";

const OUTCOMES = ["delivered", "failed", "dead"] as const;
type Out = (typeof OUTCOMES)[number];
const COLORS: Record<Out, string> = { delivered: "teal", failed: "orange", dead: "red" };

export function WebhookPage() {
  const words = useWords();
  const format = useFormat();
  const id = useNumber("webhookId");
  const [filters, change] = useFilters();
  const chosen = asText(filters.outcome) as Out | undefined;
  const asked = { outcome: chosen !== undefined && OUTCOMES.includes(chosen) ? chosen : undefined };
  const list = useListed(["webhooks", "deliveries", id, asked], (cursor, signal) =>
    told(
      api.GET("/api/v1/webhooks/{webhook_id}/deliveries", {
        signal,
        params: { path: { webhook_id: id }, query: said({ ...asked, cursor }) },
      }),
    ),
  );
  const columns: Column<DeliveryOut>[] = [
    { name: words.webhooks.when, cell: (one) => <Ago at={one.at} /> },
    { name: words.webhooks.kind, cell: (one) => one.kind },
    {
      name: words.webhooks.outcome,
      cell: (one) => (
        <Badge variant="light" color={COLORS[one.outcome]}>
          {words.webhooks.outcomes[one.outcome]}
        </Badge>
      ),
    },
    {
      name: words.webhooks.answer,
      cell: (one) => (
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {one.error || (one.httpStatus === null ? "" : words.webhooks.answered(one.httpStatus))}
        </Text>
      ),
    },
    { name: words.webhooks.attempt, wide: true, align: "right", cell: (one) => format.number(one.attempt) },
    { name: words.webhooks.duration, wide: true, align: "right", cell: (one) => `${format.number(one.durationMs)} ms` },
  ];
  return (
    <WebhookFrame tab="">
      <Stack>
        <FilterBar filters={filters} change={change}>
          <FilterSelect
            label={words.webhooks.outcome}
            value={asked.outcome}
            choices={OUTCOMES.map((one) => ({ value: one, label: words.webhooks.outcomes[one] }))}
            change={(outcome) => change({ outcome })}
          />
        </FilterBar>
        <Listing
          label={words.webhooks.deliveries}
          list={list}
          columns={columns}
          keyOf={(one) => one.id}
          empty={<Empty title={words.webhooks.noDeliveries}>{words.webhooks.noDeliveriesHelp}</Empty>}
        />
      </Stack>
    </WebhookFrame>
  );
}
