/** Commands with what came of them. */
import { Anchor, Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { CommandOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { titleOf, useKinds } from "@/shared/commanding/kinds.ts";
import { Outcome, useCommand } from "@/shared/commanding/outcome.tsx";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useStationNames } from "@/shared/station/names.ts";
import { SitePick, useWhere } from "@/shared/station/site.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { CommandBadge } from "@/shared/ui/badges.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { FilterBar, FilterSelect } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";

type Props = { stationId?: number };

export function History({ stationId }: Props) {
  const words = useWords();
  const kinds = useKinds();
  const [filters, change] = useFilters();
  const [shown, show] = useState<CommandOut | null>(null);
  const where = useWhere(filters);
  const question = said({
    ...(stationId === undefined && where),
    kind: asText(filters.kind),
    status: asText(filters.status) as CommandOut["status"] | undefined,
    stationId,
  });
  const list = useListed<CommandOut>(["commands", "list", question], (cursor, signal) =>
    told(api.GET("/api/v1/commands", { params: { query: { ...question, sort: "-askedAt", ...said({ cursor }) } }, signal })),
  );
  const nameOf = useStationNames(stationId === undefined ? list.items.map((one) => one.stationId) : []);
  const columns: Column<CommandOut>[] = [
    {
      name: words.commands.kind,
      cell: (one) => (
        <Anchor component="button" type="button" onClick={() => show(one)}>
          {titleOf(kinds.find((kind) => kind.kind === one.kind) ?? one, words)}
        </Anchor>
      ),
    },
    ...(stationId === undefined
      ? [
          {
            name: words.commands.station,
            cell: (one: CommandOut) => (
              <Anchor component={Link} to={`/stations/${one.stationId}`}>
                {nameOf(one.stationId)}
              </Anchor>
            ),
          },
        ]
      : []),
    {
      name: words.commands.status,
      cell: (one) => (
        <>
          <CommandBadge status={one.status} />
          {one.reason && one.reason !== "Accepted" && (
            <Text size="xs" c="dimmed">
              {one.reason}
            </Text>
          )}
        </>
      ),
    },
    { name: words.commands.asked, cell: (one) => <Ago at={one.askedAt} /> },
    { name: words.commands.by, wide: true, cell: (one) => one.askedBy },
  ];
  return (
    <Stack>
      <FilterBar filters={filters} change={change}>
        {stationId === undefined && <SitePick value={asNumber(filters.site)} change={(site) => change({ site })} />}
        <FilterSelect
          label={words.commands.kind}
          choices={kinds.map((one) => ({ value: one.kind, label: titleOf(one, words) }))}
          value={asText(filters.kind)}
          change={(kind) => change({ kind })}
        />
        <FilterSelect
          label={words.commands.status}
          choices={Object.entries(words.states.command).map(([value, label]) => ({ value, label }))}
          value={asText(filters.status)}
          change={(status) => change({ status })}
        />
      </FilterBar>
      <Listing
        label={words.commands.title}
        list={list}
        columns={columns}
        keyOf={(one) => one.id}
        onRow={show}
        empty={<Empty title={words.commands.none}>{words.commands.noneHelp}</Empty>}
      />
      {shown && <Details command={shown} close={() => show(null)} />}
    </Stack>
  );
}

function Details({ command: given, close }: { command: CommandOut; close: () => void }) {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const kinds = useKinds();
  const command = useCommand(given) ?? given;
  const withdrawing = useMutation({
    mutationFn: () => told(api.POST("/api/v1/commands/{command_id}/cancel", { params: { path: { command_id: command.id } } })),
  });
  return (
    <Modal
      opened
      onClose={close}
      size="lg"
      title={titleOf(kinds.find((kind) => kind.kind === command.kind) ?? command, words)}
      closeButtonProps={{ "aria-label": words.everyday.close }}
    >
      <Stack>
        <Outcome command={command} />
        <Facts
          of={[
            [words.commands.asked, format.instant(command.askedAt)],
            [words.commands.by, command.askedBy],
            [words.commands.sentAt, command.sentAt && format.instant(command.sentAt)],
            [words.commands.endedAt, command.endedAt && format.instant(command.endedAt)],
          ]}
        />
        {Object.keys(command.arguments).length > 0 && (
          <div>
            <Text size="sm" c="dimmed">
              {words.commands.arguments}
            </Text>
            <Code block>{JSON.stringify(command.arguments, null, 2)}</Code>
          </div>
        )}
        {withdrawing.error && <Refusal error={withdrawing.error} />}
        {command.status === "queued" && may("commands.send") && (
          <Group justify="flex-end">
            <Button color="red" variant="light" loading={withdrawing.isPending} onClick={() => withdrawing.mutate()}>
              {words.commands.withdraw}
            </Button>
          </Group>
        )}
      </Stack>
    </Modal>
  );
}
