/** One command to many stations: how far it has come, and what each station said. */
import { Anchor, Button, Card, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { TargetOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { titleOf, useKinds } from "@/shared/commanding/kinds.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { useStationNames } from "@/shared/station/names.ts";
import { CommandBadge } from "@/shared/ui/badges.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { Progression } from "./progression.tsx";

export function BulkPage() {
  const words = useWords();
  const may = useMay();
  const kinds = useKinds();
  const [filters, change] = useFilters();
  const [cancelling, setCancelling] = useState(false);
  const { bulkId = "" }: { bulkId?: string } = useParams({ strict: false });
  const path = { bulk_id: bulkId };
  const bulk = useQuery({
    queryKey: ["bulk", "one", bulkId],
    queryFn: () => told(api.GET("/api/v1/bulk-commands/{bulk_id}", { params: { path } })),
  });
  const question = said({ status: asText(filters.status) });
  const list = useListed<TargetOut>(["bulk", "stations", bulkId, question], (cursor, signal) =>
    told(
      api.GET("/api/v1/bulk-commands/{bulk_id}/stations", {
        params: { path, query: { ...question, ...said({ cursor }) } },
        signal,
      }),
    ),
  );
  const nameOf = useStationNames(list.items.map((one) => one.stationId));
  const above = [
    { title: words.commands.title, to: "/commands" },
    { title: words.commands.bulk, to: "/commands/bulk" },
  ];
  if (bulk.error) {
    return (
      <Page title={words.commands.bulk} under={above}>
        <Refusal error={bulk.error} again={() => void bulk.refetch()} />
      </Page>
    );
  }
  const known = bulk.data;
  const title = known ? titleOf(kinds.find((kind) => kind.kind === known.kind) ?? known, words) : words.commands.bulk;
  const cancel = known && !known.done && !known.cancelledAt && may("commands.send") && (
    <Button color="red" variant="light" onClick={() => setCancelling(true)}>
      {words.commands.cancelBulk}
    </Button>
  );
  return (
    <Page title={title} under={above} actions={cancel}>
      <Stack>
        {known && (
          <Card withBorder role="status">
            <Progression bulk={known} />
          </Card>
        )}
        <Select
          aria-label={words.commands.status}
          placeholder={words.commands.status}
          w={220}
          data={Object.entries(words.states.command).map(([value, label]) => ({ value, label }))}
          value={asText(filters.status) ?? null}
          onChange={(status) => change({ status: status ?? undefined })}
          clearable
        />
        <Listing
          label={words.commands.one}
          list={list}
          keyOf={(one) => one.stationId}
          columns={[
            {
              name: words.commands.station,
              cell: (one) => (
                <Anchor component={Link} to={`/stations/${one.stationId}/commands`}>
                  {nameOf(one.stationId)}
                </Anchor>
              ),
            },
            {
              name: words.commands.status,
              cell: (one) => (one.status ? <CommandBadge status={one.status} /> : words.commands.targets[one.state]),
            },
            {
              name: words.commands.reason,
              cell: (one) => <Text size="sm">{one.commandReason || one.detail || one.reason}</Text>,
            },
          ]}
          empty={<Empty title={words.everyday.none} />}
        />
      </Stack>
      <Confirm
        opened={cancelling}
        close={() => setCancelling(false)}
        title={words.commands.cancelBulk}
        act={words.commands.cancelBulk}
        run={async () => {
          await told(api.POST("/api/v1/bulk-commands/{bulk_id}/cancel", { params: { path } }));
          await bulk.refetch();
        }}
      >
        {words.commands.cancelBulkHelp}
      </Confirm>
    </Page>
  );
}
