/** What is happening now, and what wants looking at. */
import { Button, Grid, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said } from "@/shared/api/lists.ts";
import { useScope, useSites } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useReadings } from "@/shared/live/live.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { Attention } from "./attention.tsx";
import { Connectors } from "./connectors.tsx";
import { Figure } from "./figure.tsx";
import { Sessions } from "./sessions.tsx";

const Places = lazy(() => import("./places.tsx"));

/** When the day began where the browser is. */
function midnight(): string {
  const at = new Date();
  at.setHours(0, 0, 0, 0);
  return at.toISOString();
}

export function Overview() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const { scope } = useScope();
  const sites = useSites().filter((one) => scope.siteId === undefined || one.id === scope.siteId);
  const readings = useReadings();
  const question = { ...scope, since: midnight() };
  const overview = useQuery({
    queryKey: ["overview", question],
    queryFn: () => told(api.GET("/api/v1/overview", { params: { query: said(question) } })),
  });
  if (overview.error) {
    return (
      <Page title={words.nav.overview}>
        <Refusal error={overview.error} again={() => void overview.refetch()} />
      </Page>
    );
  }
  if (!overview.data) {
    return (
      <Page title={words.nav.overview}>
        <Skeleton h={120} />
        <Skeleton h={320} />
      </Page>
    );
  }
  const { stations, sessions, connectors } = overview.data;
  if (stations.total === 0) {
    return (
      <Page title={words.nav.overview}>
        <Empty
          title={words.overview.welcome}
          action={
            may("stations.write") && (
              <Button component={Link} to="/stations/new">
                {words.stations.add}
              </Button>
            )
          }
        >
          <Stack component="ol" gap={4} ta="start">
            {words.stations.firstSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </Stack>
        </Empty>
      </Page>
    );
  }
  const powerW = readings.totalPowerW(scope);
  return (
    <Page title={words.nav.overview}>
      <Grid>
        <Figure name={words.overview.sessions} value={format.number(sessions.active)} to="/sessions" />
        <Figure name={words.overview.power} value={format.power(powerW)} />
        <Figure
          name={words.overview.energyToday}
          value={format.energy(sessions.energyWh)}
          note={words.overview.begunToday(sessions.begun)}
        />
        <Figure
          name={words.overview.online}
          value={`${format.number(stations.connected)} / ${format.number(stations.total)}`}
          to="/stations"
        />
      </Grid>
      <Grid align="stretch">
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Attention overview={overview.data} />
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 6 }}>
          <Connectors counts={connectors} />
        </Grid.Col>
      </Grid>
      <Group justify="space-between" align="baseline">
        <Text component="h2" fw={700} size="lg" m={0}>
          {words.nav.sites}
        </Text>
      </Group>
      <Suspense fallback={<Skeleton h={360} />}>
        <Places sites={sites} counts={overview.data.sites} />
      </Suspense>
      {may("transactions.read") && <Sessions scope={scope} />}
    </Page>
  );
}
