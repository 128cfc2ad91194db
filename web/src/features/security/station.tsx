/** The security of one station: what was noticed, and when it was not let in. */
import { Stack, Title } from "@mantine/core";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { StationDetail } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationFrame } from "@/shared/station/frame.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { Events, Refusals } from "./tables.tsx";

export function StationSecurityPage() {
  return <StationFrame tab="security">{(station) => <Security station={station} />}</StationFrame>;
}

const SHOWN = 20;

function Security({ station }: { station: StationDetail }) {
  const words = useWords();
  const events = useListed(["security-events", "list", { stationId: station.id }], (cursor, signal) =>
    told(
      api.GET("/api/v1/security-events", {
        signal,
        params: { query: said({ stationId: station.id, limit: SHOWN, cursor }) },
      }),
    ),
  );
  const refused = useListed(["refused-handshakes", "list", { station: station.stationId }], (cursor, signal) =>
    told(
      api.GET("/api/v1/refused-handshakes", {
        signal,
        params: { query: said({ station: station.stationId, limit: SHOWN, cursor }) },
      }),
    ),
  );
  const profiles = words.security.profiles as Record<number, string | undefined>;
  const offered = station.offeredSecurityProfile;
  return (
    <Stack>
      <Facts
        of={[
          [words.security.profile, profiles[station.securityProfile] ?? String(station.securityProfile)],
          [words.security.offeredProfile, offered !== null && (profiles[offered] ?? String(offered))],
          [words.security.certificateName, station.certificateName],
        ]}
      />
      <Title order={2} size="h4">
        {words.security.events}
      </Title>
      <Events
        ofOne
        list={events}
        empty={<Empty title={words.security.noEvents}>{words.security.noEventsHelp}</Empty>}
      />
      <Title order={2} size="h4">
        {words.security.refused}
      </Title>
      <Refusals ofOne list={refused} empty={<Empty title={words.security.alwaysLetIn} />} />
    </Stack>
  );
}
