/** What a station is set to, and what it is wanted to be set to. */
import { ActionIcon, Anchor, Badge, Button, Group, Paper, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { IconAdjustments, IconArrowsDiff, IconPencil, IconTrash } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { StationDetail, VariableOut, WantedOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationFrame } from "@/shared/station/frame.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterSelect, SearchField } from "@/shared/ui/filtering.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { useReport, useVariables, useWanted } from "./known.ts";
import { Reading } from "./reading.tsx";
import { WantedBadge, Why } from "./state.tsx";
import { Value } from "./value.tsx";
import { fits, type Group as Group_, grouped, isWritable, keyOf, nameOf, wholeNameOf, wish } from "./variables.ts";
import { useWishing, Wishing } from "./wishing.tsx";

export function Configuration() {
  const words = useWords();
  return (
    <StationFrame
      tab="configuration"
      actions={(station) => (
        <Button
          variant="default"
          leftSection={<IconArrowsDiff size={16} aria-hidden />}
          renderRoot={(props) => <Link to="/stations/compare" search={{ a: station.id } as never} {...props} />}
        >
          {words.provisioning.compareTitle}
        </Button>
      )}
    >
      {(station) => <Settings station={station} />}
    </StationFrame>
  );
}

function Settings({ station }: { station: StationDetail }) {
  const words = useWords();
  const said = words.provisioning;
  const may = useMay();
  const [filters, change] = useFilters();
  const [edited, edit] = useState<VariableOut | null>(null);
  const variables = useVariables(station.id);
  const wanted = useWanted(station.id);
  const report = useReport(station.id);
  const wishes = useMemo(
    () => new Map((wanted.data?.items ?? []).map((one) => [keyOf(one), one])),
    [wanted.data],
  );
  const search = asText(filters.search) ?? "";
  const which = asText(filters.which);
  const shown = useMemo(
    () =>
      (variables.data ?? []).filter(
        (one) =>
          fits(one, search) &&
          (which === undefined ||
            (which === "writable" && isWritable(one)) ||
            (which === "readOnly" && !isWritable(one)) ||
            (which === "wanted" && wishes.has(keyOf(one)))),
      ),
    [variables.data, search, which, wishes],
  );
  const error = variables.error ?? wanted.error;
  if (error) return <Refusal error={error} again={() => void (variables.error ? variables.refetch() : wanted.refetch())} />;
  if (!variables.data || !wanted.data) return <Skeleton h={320} aria-label={words.everyday.loading} />;
  const reported = new Set(variables.data.map(keyOf));
  const mayWrite = may("configuration.write");
  return (
    <Stack>
      <Reading station={station} report={report.data ?? null} />
      {wanted.data.items.some((one) => one.state !== "held" || !reported.has(keyOf(one))) && (
        <Wishes station={station} wanted={wanted.data.items} mayWrite={mayWrite} />
      )}
      {variables.data.length === 0 ? (
        <Paper withBorder>
          <Empty icon={<IconAdjustments size={40} aria-hidden />} title={said.noneTitle}>
            {said.noneHelp}
          </Empty>
        </Paper>
      ) : (
        <>
          <Group justify="space-between" align="end">
            <FilterBar filters={filters} change={change}>
              <SearchField
                label={said.search}
                hint={said.searchHint}
                value={search}
                change={(text) => change({ search: text })}
              />
              <FilterSelect
                label={said.which}
                value={which}
                choices={[
                  { value: "writable", label: said.writable },
                  { value: "readOnly", label: said.readOnly },
                  { value: "wanted", label: said.wantedOnly },
                ]}
                change={(chosen) => change({ which: chosen })}
              />
            </FilterBar>
            <Text size="sm" c="dimmed" role="status">
              {said.shown(shown.length, variables.data.length)}
            </Text>
          </Group>
          {shown.length === 0 && (
            <Paper withBorder>
              <Empty title={said.nothing}>{said.nothingHelp}</Empty>
            </Paper>
          )}
          {grouped(shown).map((group) => (
            <Component key={group.key} group={group} wishes={wishes} edit={mayWrite ? edit : null} />
          ))}
        </>
      )}
      {edited && (
        <Wishing
          stationId={station.id}
          variable={edited}
          wanted={wishes.get(keyOf(edited))}
          close={() => edit(null)}
        />
      )}
    </Stack>
  );
}

type ComponentProps = {
  group: Group_<VariableOut>;
  wishes: ReadonlyMap<string, WantedOut>;
  edit: ((variable: VariableOut) => void) | null;
};

function Component({ group, wishes, edit }: ComponentProps) {
  const words = useWords();
  const said = words.provisioning;
  const place = group.evseId === null ? "" : said.place(group.evseId, group.connectorId);
  const label = place === "" ? group.component : `${group.component}, ${place}`;
  return (
    <Paper withBorder p="sm" component="section" aria-label={label}>
      <Group gap="xs" mb={4}>
        <Title order={2} size="h5">
          {group.component}
        </Title>
        {place && (
          <Text size="sm" c="dimmed">
            {place}
          </Text>
        )}
      </Group>
      <Table.ScrollContainer minWidth={300}>
        <Table verticalSpacing={4} fz="sm" layout="fixed" aria-label={label}>
          <Table.Tbody>
            {group.variables.map((one) => {
              const wanted = wishes.get(keyOf(one));
              return (
                <Table.Tr key={keyOf(one)}>
                  <Table.Th scope="row" fw={500} w="40%" style={{ overflowWrap: "anywhere" }}>
                    {nameOf(one)}
                    {one.attribute !== "Actual" && (
                      <Text span size="xs" c="dimmed">
                        {" "}
                        ({said.attribute[one.attribute]})
                      </Text>
                    )}
                    {one.missingSince !== null && (
                      <Badge color="gray" variant="outline" ml={6}>
                        {said.missing}
                      </Badge>
                    )}
                  </Table.Th>
                  <Table.Td>
                    <Value variable={one} />
                    {wanted && (
                      <Group gap={6} mt={2}>
                        <WantedBadge state={wanted.state} />
                        {wanted.value !== one.value && (
                          <Text size="xs" style={{ overflowWrap: "anywhere" }}>
                            {said.wantedValue(wanted.value)}
                          </Text>
                        )}
                        <Why wanted={wanted} />
                      </Group>
                    )}
                  </Table.Td>
                  <Table.Td w={44}>
                    {edit && isWritable(one) && (
                      <ActionIcon variant="subtle" onClick={() => edit(one)} aria-label={said.edit(wholeNameOf(one))}>
                        <IconPencil size={16} aria-hidden />
                      </ActionIcon>
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

/** What is wanted and not so: also of variables that the station has never reported. */
function Wishes({ station, wanted, mayWrite }: { station: StationDetail; wanted: readonly WantedOut[]; mayWrite: boolean }) {
  const words = useWords();
  const said = words.provisioning;
  const wishing = useWishing(station.id, () => undefined);
  return (
    <Paper withBorder p="sm" component="section" aria-label={said.wanted}>
      <Group justify="space-between" mb={4}>
        <Title order={2} size="h5">
          {said.wanted}
        </Title>
        <Anchor component={Link} to="/configuration/wanted" search={{ station: station.id } as never} size="sm">
          {said.progress}
        </Anchor>
      </Group>
      {wishing.error && <Refusal error={wishing.error} />}
      {!station.connected && (
        <Text size="sm" c="dimmed">
          {said.offline}
        </Text>
      )}
      <Table.ScrollContainer minWidth={300}>
        <Table verticalSpacing={4} fz="sm" aria-label={said.wanted}>
          <Table.Tbody>
            {wanted
              .filter((one) => one.state !== "held")
              .map((one) => (
                <Table.Tr key={keyOf(one)}>
                  <Table.Th scope="row" fw={500}>
                    {wholeNameOf(one)}
                  </Table.Th>
                  <Table.Td style={{ overflowWrap: "anywhere" }}>{one.value}</Table.Td>
                  <Table.Td>
                    <WantedBadge state={one.state} />
                    <Why wanted={one} />
                  </Table.Td>
                  <Table.Td w={44}>
                    {mayWrite && (
                      <ActionIcon
                        variant="subtle"
                        color="gray"
                        title={said.forgetHelp}
                        aria-label={`${said.forget}: ${wholeNameOf(one)}`}
                        onClick={() => wishing.mutate([wish(one, null)])}
                      >
                        <IconTrash size={16} aria-hidden />
                      </ActionIcon>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
