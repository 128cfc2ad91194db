/** A new station: what it is called, what to enter at it, and what it says when it comes for the first time. */
import { Anchor, Button, Card, Group, List, Loader, Select, Stack, Stepper, Switch, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { RefusedHandshakeOut, StationMade } from "@/shared/api/schema.gen.ts";
import { useOrganisations, useScope, useSites } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Issuing } from "@/shared/station/issuing.tsx";
import { useStation } from "@/shared/station/station.ts";
import { NoTls, Trust, useServerChains } from "@/shared/station/trust.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { OnlineBadge, RegistrationBadge } from "@/shared/ui/badges.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";
import { Copyable } from "@/shared/ui/secret.tsx";

export function NewStation() {
  const words = useWords();
  const [made, setMade] = useState<StationMade | null>(null);
  const [entered, setEntered] = useState(false);
  const step = made === null ? 0 : entered ? 2 : 1;
  return (
    <Page title={words.stations.add} under={[{ title: words.nav.stations, to: "/stations" }]}>
      <Stepper active={step} allowNextStepsSelect={false} size="sm">
        <Stepper.Step label={words.stations.stepName}>
          <Name made={setMade} />
        </Stepper.Step>
        <Stepper.Step label={words.stations.stepEnter}>
          {made && <Enter station={made} done={() => setEntered(true)} />}
        </Stepper.Step>
        <Stepper.Step label={words.stations.stepWait}>{made && <Wait station={made} />}</Stepper.Step>
      </Stepper>
    </Page>
  );
}

function Name({ made }: { made: (station: StationMade) => void }) {
  const words = useWords();
  const { scope } = useScope();
  const organisations = useOrganisations();
  const [organisationId, setOrganisationId] = useState<number | undefined>(scope.organisationId);
  const sites = useSites().filter((one) => organisationId === undefined || one.organisationId === organisationId);
  const [stationId, setStationId] = useState("");
  const [name, setName] = useState("");
  const [siteId, setSiteId] = useState<number | undefined>(scope.siteId);
  const [profile, setProfile] = useState("1");
  const [soap, setSoap] = useState(false);
  const may = useMay();
  const chains = useServerChains(may("certificates.read"));
  const adding = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/stations", {
          body: said({ stationId, name, siteId, organisationId, securityProfile: Number(profile), soapEnabled: soap }),
          headers: once(),
        }),
      ) as Promise<StationMade>,
    onSuccess: made,
  });
  const fault = useFaults(adding.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    adding.mutate();
  };
  return (
    <Card withBorder maw={560}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={words.stations.stationId}
            description={words.stations.stationIdHelp}
            required
            value={stationId}
            error={fault("stationId")}
            onChange={(event) => setStationId(event.currentTarget.value)}
          />
          <TextInput
            label={words.stations.name}
            description={words.stations.nameHelp}
            value={name}
            error={fault("name")}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          {organisations.length > 1 && (
            <Select
              label={words.stations.organisation}
              data={organisations.map((one) => ({ value: String(one.id), label: one.name }))}
              value={organisationId === undefined ? null : String(organisationId)}
              onChange={(chosen) => setOrganisationId(chosen === null ? undefined : Number(chosen))}
              error={fault("organisationId")}
            />
          )}
          <Select
            label={words.stations.site}
            data={sites.map((one) => ({ value: String(one.id), label: one.name }))}
            value={siteId === undefined ? null : String(siteId)}
            onChange={(chosen) => setSiteId(chosen === null ? undefined : Number(chosen))}
            error={fault("siteId")}
            clearable
            searchable
          />
          <Select
            label={words.stations.securityProfile}
            description={words.stations.profileHelp}
            data={Object.entries(words.stations.profiles).map(([value, label]) => ({ value, label }))}
            value={profile}
            onChange={(chosen) => setProfile(chosen ?? "1")}
            error={fault("securityProfile")}
            allowDeselect={false}
          />
          {Number(profile) > 1 && chains.data?.items.length === 0 && <NoTls />}
          <Switch label={words.stations.soap} checked={soap} onChange={(event) => setSoap(event.currentTarget.checked)} />
          {adding.error && <Refusal error={adding.error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={adding.isPending}>
              {words.stations.next}
            </Button>
          </Group>
        </Stack>
      </form>
    </Card>
  );
}

function Enter({ station, done }: { station: StationMade; done: () => void }) {
  const words = useWords();
  const may = useMay();
  const base = station.url.slice(0, station.url.lastIndexOf("/"));
  return (
    <Card withBorder maw={680}>
      <Stack>
        <Text>{words.stations.enterHelp}</Text>
        <Facts
          long
          of={[
            [words.stations.address, <Copyable key="url" value={station.url} label={words.stations.address} />],
            [words.stations.stationId, <Copyable key="id" value={station.stationId} label={words.stations.stationId} />],
            [
              words.accounts.password,
              station.password && <Copyable key="password" value={station.password} label={words.accounts.password} />,
            ],
          ]}
        />
        {station.password && <Text size="sm">{words.stations.passwordOnce}</Text>}
        <Text size="sm" c="dimmed">
          {words.stations.twoFields(base)}
        </Text>
        {station.securityProfile > 1 && may("certificates.read") && <Trust />}
        {station.securityProfile === 3 && may("certificates.write") && <Issuing station={station} />}
        {station.securityProfile === 3 && !may("certificates.write") && <Text size="sm">{words.stations.needsCertificate}</Text>}
        <Group justify="flex-end">
          <Button onClick={done}>{words.stations.entered}</Button>
        </Group>
      </Stack>
    </Card>
  );
}

function Wait({ station }: { station: StationMade }) {
  const words = useWords();
  const may = useMay();
  const known = useStation(station.id).data ?? station;
  const refusals = useListed<RefusedHandshakeOut>(
    ["refused-handshakes", "list", { station: station.stationId }],
    (cursor, signal) =>
      told(
        api.GET("/api/v1/refused-handshakes", {
          params: { query: { station: station.stationId, limit: 5, ...said({ cursor }) } },
          signal,
        }),
      ),
    may("log.read"),
  );
  const booted = known.bootedAt !== null;
  return (
    <Card withBorder maw={680}>
      <Stack role="status">
        {!booted && (
          <Group gap="sm">
            <Loader size="sm" aria-hidden />
            <Text>{known.connected ? words.stations.connectedOnly : words.stations.waitHelp}</Text>
            <OnlineBadge connected={known.connected} />
          </Group>
        )}
        {booted && (
          <Stack gap="xs">
            <Group gap="xs">
              <Text fw={600}>{words.stations.arrived}</Text>
              <RegistrationBadge registration={known.registration} />
            </Group>
            <Facts
              of={[
                [words.stations.make, [known.vendor, known.model].filter(Boolean).join(" ")],
                [words.stations.firmware, known.firmwareVersion],
                ["OCPP", known.version],
              ]}
            />
          </Stack>
        )}
        {!known.connected && refusals.items.length > 0 && (
          <Stack gap={4}>
            <Text fw={600}>{words.stations.knocked}</Text>
            <List size="sm">
              {refusals.items.map((one) => (
                <List.Item key={one.id}>
                  <Ago at={one.at} /> ({one.peer}): {reasonFor(one.reason, words.stations.reasons) || one.detail}
                </List.Item>
              ))}
            </List>
          </Stack>
        )}
        {!known.connected && !booted && <Text size="sm">{words.stations.waitTips}</Text>}
        <Anchor component={Link} to={`/stations/${station.id}`}>
          {words.stations.toStation}
        </Anchor>
      </Stack>
    </Card>
  );
}

function reasonFor(reason: string, known: Record<string, string>): string | undefined {
  return known[reason];
}
