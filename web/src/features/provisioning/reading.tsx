/** When a station's settings were read, and reading them again. */
import { Button, Group, Loader, Text } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, once, told } from "@/shared/api/client.ts";
import type { CommandOut, ReportOut, StationDetail } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { Outcome, useCommand } from "@/shared/commanding/outcome.tsx";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNow } from "@/shared/ui/now.ts";
import { Refusal } from "@/shared/ui/refusal.tsx";

const GOOD = new Set(["accepted", "finished"]);

export function Reading({ station, report }: { station: StationDetail; report: ReportOut | null }) {
  const words = useWords();
  const said = words.provisioning;
  const may = useMay();
  const client = useQueryClient();
  const asking = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/stations/{station_id}/commands", {
          params: { path: { station_id: station.id } },
          body: { kind: "RequestReport", arguments: { base: "FullInventory" } as never },
          headers: once(),
        }),
      ) as Promise<CommandOut>,
    onSuccess: () => client.invalidateQueries({ queryKey: ["reports"] }),
  });
  const command = useCommand(asking.data);
  const can = station.capabilities?.includes("RequestReport") ?? true;
  return (
    <>
      <Group justify="space-between">
        <Stage report={report} />
        {can && may("commands.send") && (
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            loading={asking.isPending}
            onClick={() => asking.mutate()}
          >
            {said.read}
          </Button>
        )}
      </Group>
      {asking.error && <Refusal error={asking.error} />}
      {command !== undefined && !GOOD.has(command.status) && <Outcome command={command} />}
    </>
  );
}

function Stage({ report }: { report: ReportOut | null }) {
  const words = useWords();
  const format = useFormat();
  const now = useNow();
  const said = words.provisioning;
  if (report === null) return <span />;
  const runs = report.endedAt === null;
  const text = runs
    ? report.parts === 0
      ? said.reportAsked
      : said.reportRuns(report.variables)
    : report.failure
      ? `${said.reportFailed}: ${report.failure}`
      : said.reportDone(format.since(report.endedAt, now));
  return (
    <Group gap="xs" role="status">
      {runs && <Loader size="xs" aria-hidden />}
      <Text size="sm" c="dimmed">
        {text}
      </Text>
    </Group>
  );
}
