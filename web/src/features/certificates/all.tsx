/** All certificates, what ends first first, and the roots that others have to trust. */
import { Button, Card, Group, SimpleGrid, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { SitePick, useWhere } from "@/shared/station/site.tsx";
import { Trust } from "@/shared/station/trust.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { FilterBar, FilterSelect, FilterTruth } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { savePem } from "@/shared/ui/save.ts";
import { Certificates } from "./table.tsx";

const HOLDERS = ["station", "server", "authority"] as const;
type Holder = (typeof HOLDERS)[number];

export function CertificatesPage() {
  const words = useWords();
  const own = words.certificates;
  const [filters, change] = useFilters();
  const holder = asText(filters.holder) as Holder | undefined;
  const sort = asText(filters.sort);
  const asked = {
    ...useWhere(filters),
    expiring: asTruth(filters.expiring),
    inUse: asTruth(filters.inUse),
    holder: holder !== undefined && HOLDERS.includes(holder) ? holder : undefined,
    sort,
  };
  const list = useListed(["certificates", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/certificates", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  return (
    <Page title={words.nav.certificates}>
      <FilterBar filters={filters} change={change}>
        <SitePick value={asNumber(filters.site)} change={(site) => change({ site })} />
        <FilterTruth
          label={own.expiring}
          value={asked.expiring}
          change={(expiring) => change({ expiring })}
        />
        <FilterTruth label={own.inUse} value={asked.inUse} change={(inUse) => change({ inUse })} />
        <FilterSelect
          label={own.whose}
          value={asked.holder}
          choices={HOLDERS.map((one) => ({ value: one, label: own.holders[one] }))}
          change={(chosen) => change({ holder: chosen })}
        />
      </FilterBar>
      <Certificates
        label={words.nav.certificates}
        list={list}
        sort={sort ?? "validTo"}
        onSort={(chosen) => change({ sort: chosen })}
        empty={<Empty title={asked.expiring ? own.noneExpiring : own.none}>{asked.expiring ? null : own.noneHelp}</Empty>}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Authority />
        <Card withBorder>
          <Stack gap="sm">
            <Title order={2} size="h4">
              {own.trust}
            </Title>
            <Trust />
          </Stack>
        </Card>
      </SimpleGrid>
    </Page>
  );
}

function Authority() {
  const words = useWords().certificates;
  const format = useFormat();
  const authority = useQuery({
    queryKey: ["certificates", "authority"],
    queryFn: () => told(api.GET("/api/v1/certificates/ca")),
  });
  const known = authority.data;
  const root = known?.root;
  return (
    <Card withBorder>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {words.authority}
        </Title>
        {authority.error && <Refusal error={authority.error} again={() => void authority.refetch()} />}
        {!known && !authority.error && <Skeleton h={60} />}
        {known && <Text size="sm">{!known.issues ? words.issuesNot : root ? words.authorityHelp : words.authorityLater}</Text>}
        {known && root && (
          <>
            <Facts
              of={[
                [words.validTo, format.date(known.validTo ?? "")],
                [words.fingerprint, known.fingerprint],
              ]}
            />
            <Group>
              <Button variant="default" size="xs" onClick={() => savePem("stations-root.pem", root)}>
                {words.saveRoot}
              </Button>
            </Group>
          </>
        )}
      </Stack>
    </Card>
  );
}
