/** What two stations are set to, side by side. */
import { Button, Checkbox, Group, Paper, Skeleton, Stack, Switch, Table, Text } from "@mantine/core";
import { IconArrowsDiff } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { VariableOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { named, useStation } from "@/shared/station/station.ts";
import { Empty } from "@/shared/ui/empty.tsx";
import { SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { useVariables } from "./known.ts";
import { Value } from "./value.tsx";
import { compared, fits, isWritable, type Pair, wholeNameOf, wish } from "./variables.ts";
import { useWishing } from "./wishing.tsx";

export function Compare() {
  const words = useWords();
  const said = words.provisioning;
  const [filters, change] = useFilters();
  const [a, b] = [asNumber(filters.a), asNumber(filters.b)];
  return (
    <Page title={said.compareTitle} under={[{ title: words.nav.stations, to: "/stations" }]}>
      <Group align="end">
        <StationPick label={`${said.station} A`} value={a} change={(id) => change({ a: id })} />
        <StationPick label={`${said.station} B`} value={b} change={(id) => change({ b: id })} />
      </Group>
      {a === undefined || b === undefined ? (
        <Paper withBorder>
          <Empty icon={<IconArrowsDiff size={40} aria-hidden />} title={said.compareTitle}>
            {said.compareHelp}
          </Empty>
        </Paper>
      ) : (
        <SideBySide a={a} b={b} key={`${a} ${b}`} />
      )}
    </Page>
  );
}

function SideBySide({ a, b }: { a: number; b: number }) {
  const words = useWords();
  const said = words.provisioning;
  const may = useMay();
  const navigate = useNavigate();
  const [filters, change] = useFilters();
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const [ofA, ofB] = [useVariables(a), useVariables(b)];
  const names = [useStation(a).data, useStation(b).data].map((one) => (one ? named(one) : ""));
  const wishing = useWishing(b, () => void navigate({ to: `/stations/${b}/configuration` }));
  const pairs = useMemo(() => compared(ofA.data ?? [], ofB.data ?? []), [ofA.data, ofB.data]);
  const onlyDifferences = asTruth(filters.all) !== true;
  const onlyWritable = asTruth(filters.writable) === true;
  const search = asText(filters.search) ?? "";
  const error = ofA.error ?? ofB.error;
  if (error) return <Refusal error={error} again={() => void Promise.all([ofA.refetch(), ofB.refetch()])} />;
  if (!ofA.data || !ofB.data) return <Skeleton h={320} aria-label={words.everyday.loading} />;
  const differing = pairs.filter((pair) => pair.differs);
  const shown = (onlyDifferences ? differing : pairs).filter((pair) =>
    [pair.a, pair.b].some((one) => one !== undefined && fits(one, search) && (!onlyWritable || isWritable(one))),
  );
  const values = pairs.flatMap(({ key, a: one, b: other }) =>
    chosen.has(key) && one?.value != null && other ? [wish(other, one.value)] : [],
  );
  return (
    <Stack>
      <Group justify="space-between" align="end">
        <Group align="end">
          <SearchField
            label={said.search}
            hint={said.searchHint}
            value={search}
            change={(text) => change({ search: text })}
          />
          <Switch
            label={said.differences}
            checked={onlyDifferences}
            onChange={(event) => change({ all: event.currentTarget.checked ? undefined : true })}
            mb={8}
          />
          <Switch
            label={said.onlyWritable}
            checked={onlyWritable}
            onChange={(event) => change({ writable: event.currentTarget.checked ? true : undefined })}
            mb={8}
          />
          <Text size="sm" c="dimmed" mb={8} role="status">
            {said.differ(differing.length, pairs.length)}
          </Text>
        </Group>
        {may("configuration.write") && (
          <Button disabled={values.length === 0} loading={wishing.isPending} onClick={() => wishing.mutate(values)}>
            {said.copyTo(names[1] ?? "")}
          </Button>
        )}
      </Group>
      {wishing.error && <Refusal error={wishing.error} />}
      {shown.length === 0 ? (
        <Paper withBorder>
          {search || onlyWritable ? <Empty title={said.nothing}>{said.nothingHelp}</Empty> : <Empty title={said.same}>{said.sameHelp}</Empty>}
        </Paper>
      ) : (
        <Pairs
          pairs={shown}
          names={names}
          chosen={may("configuration.write") ? chosen : null}
          choose={choose}
        />
      )}
    </Stack>
  );
}

type PairsProps = {
  pairs: readonly Pair[];
  names: readonly string[];
  chosen: ReadonlySet<string> | null;
  choose: (chosen: ReadonlySet<string>) => void;
};

/** Whether B can be set to what A has. */
const canCopy = ({ a, b, differs }: Pair): boolean => differs && a?.value != null && b !== undefined && isWritable(b);

function Pairs({ pairs, names, chosen, choose }: PairsProps) {
  const words = useWords();
  const said = words.provisioning;
  const toggle = (key: string) => {
    const after = new Set(chosen);
    if (!after.delete(key)) after.add(key);
    choose(after);
  };
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={320}>
        <Table verticalSpacing={4} fz="sm" aria-label={said.compareTitle}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{said.variable}</Table.Th>
              <Table.Th>{names[0]}</Table.Th>
              <Table.Th>{names[1]}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {pairs.map((pair) => (
              <Table.Tr key={pair.key}>
                <Table.Th scope="row" fw={500}>
                  <Group gap="xs" wrap="nowrap">
                    {chosen !== null && canCopy(pair) && (
                      <Checkbox
                        size="xs"
                        checked={chosen.has(pair.key)}
                        onChange={() => toggle(pair.key)}
                        aria-label={said.choose(wholeNameOf(pair.name))}
                      />
                    )}
                    <span style={{ overflowWrap: "anywhere" }}>{wholeNameOf(pair.name)}</span>
                  </Group>
                </Table.Th>
                <Side variable={pair.a} strong={pair.differs} />
                <Side variable={pair.b} strong={pair.differs} />
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function Side({ variable, strong }: { variable: VariableOut | undefined; strong: boolean }) {
  const words = useWords();
  return (
    <Table.Td fw={strong ? 600 : 400}>
      {variable ? (
        <Value variable={variable} />
      ) : (
        <Text size="sm" c="dimmed">
          {words.provisioning.lacks}
        </Text>
      )}
    </Table.Td>
  );
}
