/** A station that nobody announced waits here until somebody lets it in or sends it away. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, told } from "@/shared/api/client.ts";
import type { StationDetail } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";

type Decision = "Accepted" | "Rejected";

export function LetIn({ station }: { station: StationDetail }) {
  const words = useWords();
  const may = useMay();
  const deciding = useMutation({
    mutationFn: (registration: Decision) =>
      told(
        api.PUT("/api/v1/stations/{station_id}/registration", {
          params: { path: { station_id: station.id } },
          body: { registration },
        }),
      ),
  });
  const isPending = station.registration === "Pending";
  return (
    <Alert color="yellow" title={isPending ? words.stations.asksTitle : words.stations.rejectedTitle}>
      <Stack gap="xs">
        <Text size="sm">{isPending ? words.stations.asksHelp : words.stations.rejectedHelp}</Text>
        {deciding.error && <Refusal error={deciding.error} />}
        {deciding.data && <Text size="sm">{words.stations.decided}</Text>}
        {may("stations.write") && !deciding.data && (
          <Group gap="xs">
            <Button size="xs" loading={deciding.isPending} onClick={() => deciding.mutate("Accepted")}>
              {words.stations.letIn}
            </Button>
            {isPending && (
              <Button size="xs" variant="default" loading={deciding.isPending} onClick={() => deciding.mutate("Rejected")}>
                {words.stations.sendAway}
              </Button>
            )}
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
