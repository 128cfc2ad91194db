/** Sets many stations to the same: which stations, what to set, and then how it goes. */
import { ActionIcon, Button, Group, Paper, Select, Stack, Text, Title } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import { said as spoken, useListed } from "@/shared/api/lists.ts";
import type { VariableOut } from "@/shared/api/schema.gen.ts";
import { useScope, useSites } from "@/shared/api/scope.tsx";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { OnlineBadge } from "@/shared/ui/badges.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, useFilters } from "@/shared/ui/filters.ts";
import { Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";
import { useVariables } from "./known.ts";
import { ValueInput } from "./value.tsx";
import { isWritable, keyOf, wholeNameOf, wish } from "./variables.ts";

type Chosen = { variable: VariableOut; value: string };

/** The stations in the address: several with commas between them, or one. */
function stationsIn(text: string | undefined): number[] {
  return (text ?? "").split(",").map(Number).filter((id) => Number.isInteger(id) && id > 0);
}

export function Apply() {
  const words = useWords();
  const said = words.provisioning;
  const navigate = useNavigate();
  const [filters, change] = useFilters();
  const stationIds = useMemo(() => stationsIn(asText(filters.stations)), [filters.stations]);
  const like = asNumber(filters.like) ?? stationIds[0];
  const [values, setValues] = useState<readonly Chosen[]>([]);
  const applying = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/wanted-variables", {
          body: { stationIds, values: values.map(({ variable, value }) => wish(variable, value)) },
          headers: once(),
        }),
      ),
    onSuccess: (begun) => navigate({ to: "/configuration/wanted", search: { at: begun.wantedAt } as never }),
  });
  const faults = useFaults(applying.error);
  const fault = (place: number) => faults(`values[${place}]`);
  return (
    <Page title={said.applyTitle} under={[{ title: words.nav.stations, to: "/stations" }]}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          applying.mutate();
        }}
      >
        <Stack>
          <Stations chosen={stationIds} choose={(ids) => change({ stations: ids.join(",") })} />
          <Paper withBorder p="md" component="section" aria-label={said.applyValues}>
            <Title order={2} size="h4" mb="sm">
              {said.applyValues}
            </Title>
            <Stack>
              {values.length === 0 && <Text c="dimmed">{said.applyNone}</Text>}
              {values.map(({ variable, value }, place) => (
                <Group key={keyOf(variable)} align="end" wrap="nowrap">
                  <div style={{ flex: 1 }}>
                    <ValueInput
                      variable={variable}
                      label={wholeNameOf(variable)}
                      value={value}
                      change={(typed) =>
                        setValues(values.map((one, at) => (at === place ? { variable, value: typed } : one)))
                      }
                      error={fault(place)}
                    />
                  </div>
                  <ActionIcon
                    variant="subtle"
                    color="gray"
                    size="lg"
                    aria-label={said.removeValue(wholeNameOf(variable))}
                    onClick={() => setValues(values.filter((_, at) => at !== place))}
                  >
                    <IconTrash size={16} aria-hidden />
                  </ActionIcon>
                </Group>
              ))}
              <Adding
                like={like}
                changeLike={(id) => change({ like: id })}
                taken={values.map(({ variable }) => keyOf(variable))}
                add={(variable) => setValues([...values, { variable, value: variable.value ?? "" }])}
              />
            </Stack>
          </Paper>
          {applying.error && values.every((_, place) => fault(place) === undefined) && <Refusal error={applying.error} />}
          <Group justify="flex-end">
            <Button type="submit" disabled={stationIds.length === 0 || values.length === 0} loading={applying.isPending}>
              {said.applyDo(values.length, stationIds.length)}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}

type AddingProps = {
  like: number | undefined;
  changeLike: (id: number | undefined) => void;
  taken: readonly string[];
  add: (variable: VariableOut) => void;
};

/** Offers what one of the stations has: the others are asked for the same, and say if they do not have it. */
function Adding({ like, changeLike, taken, add }: AddingProps) {
  const words = useWords();
  const said = words.provisioning;
  const variables = useVariables(like);
  const offered = (variables.data ?? []).filter((one) => isWritable(one) && !taken.includes(keyOf(one)));
  return (
    <>
      {variables.error && <Refusal error={variables.error} again={() => void variables.refetch()} />}
      <Group align="end">
        <StationPick label={said.applyLike} value={like} change={changeLike} />
        <Select
          label={said.applyAdd}
          placeholder={said.searchHint}
          searchable
          disabled={like === undefined || variables.isPending}
          limit={100}
          w={340}
          value={null}
          nothingFoundMessage={said.nothing}
          data={offered.map((one) => ({ value: keyOf(one), label: wholeNameOf(one) }))}
          onChange={(key) => {
            const found = offered.find((one) => keyOf(one) === key);
            if (found) add(found);
          }}
        />
      </Group>
    </>
  );
}

function Stations({ chosen, choose }: { chosen: readonly number[]; choose: (ids: number[]) => void }) {
  const words = useWords();
  const said = words.provisioning;
  const { scope } = useScope();
  const sites = useSites();
  const [search, setSearch] = useState("");
  const about = spoken({ search, ...scope });
  const list = useListed(["stations", "list", { sort: "stationId", ...about }], (cursor, signal) =>
    told(api.GET("/api/v1/stations", { params: { query: spoken({ cursor, sort: "stationId", ...about }) }, signal })),
  );
  const siteName = (id: number | null) => sites.find((one) => one.id === id)?.name ?? "";
  return (
    <Stack component="section" gap="xs" aria-label={said.applyStations}>
      <Group justify="space-between" align="end">
        <div>
          <Title order={2} size="h4">
            {said.applyStations}
          </Title>
          <Text size="sm" c="dimmed" role="status">
            {chosen.length === 0 ? said.applyStationsHelp : said.chosen(chosen.length)}
          </Text>
        </div>
        <SearchField label={words.everyday.search} value={search} change={setSearch} />
      </Group>
      <Listing
        label={said.applyStations}
        list={list}
        keyOf={(station) => station.id}
        choice={{
          chosen: new Set(chosen),
          choose: (ids) => choose([...ids]),
          label: (station) => station.stationId,
        }}
        columns={[
          {
            name: said.station,
            cell: (station) => (
              <>
                {station.stationId}
                {station.name && (
                  <Text size="xs" c="dimmed">
                    {station.name}
                  </Text>
                )}
              </>
            ),
          },
          { name: said.model, wide: true, cell: (station) => `${station.vendor} ${station.model}` },
          { name: said.site, wide: true, cell: (station) => siteName(station.siteId) },
          { name: said.online, cell: (station) => <OnlineBadge connected={station.connected} /> },
        ]}
        empty={<Empty title={words.nav.nothing} />}
      />
    </Stack>
  );
}
