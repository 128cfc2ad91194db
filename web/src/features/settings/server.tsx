/** What server this is, how it is, and what it was set to: to look at. */
import { Anchor, Badge, Code, List, Paper, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/shared/api/client.ts";
import type { SettingOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { Rows } from "@/shared/ui/rows.tsx";
import { NONE } from "@/shared/units/format.ts";
import { SettingsFrame } from "./frame.tsx";

export function ServerPage() {
  const words = useWords();
  const may = useMay();
  const about = useQuery({ queryKey: ["about"], queryFn: () => told(api.GET("/api/v1/about")) });
  const ready = useQuery({ queryKey: ["ready"], queryFn: () => told(api.GET("/readyz")), retry: false });
  const settings = useQuery({
    queryKey: ["settings"],
    queryFn: () => told(api.GET("/api/v1/settings")),
    enabled: may("settings.read"),
  });
  return (
    <SettingsFrame here="/settings/server">
      <Stack>
        {about.error && <Refusal error={about.error} again={() => void about.refetch()} />}
        <Paper withBorder p="md">
          <Facts
            of={[
              [words.settings.version, about.data?.version],
              [words.settings.spoken, about.data?.ocppSubprotocols.join(", ")],
              [words.settings.health, ready.isPending ? null : <Health key="health" ready={ready.isSuccess} />],
            ]}
          />
        </Paper>
        <div>
          <Title order={2} size="h4" mb="xs">
            {words.settings.links}
          </Title>
          <List size="sm">
            {LINKS.map(([to, name]) => (
              <List.Item key={to}>
                <Anchor href={to} target="_blank" rel="noreferrer">
                  {words.settings[name]}
                </Anchor>
              </List.Item>
            ))}
          </List>
        </div>
        {may("settings.read") && (
          <>
            <Title order={2} size="h4">
              {words.settings.configured}
            </Title>
            <Text size="sm" c="dimmed">
              {words.settings.configuredHelp}
            </Text>
            {settings.error && <Refusal error={settings.error} again={() => void settings.refetch()} />}
            {settings.data && <SettingsTable settings={settings.data.items} />}
          </>
        )}
      </Stack>
    </SettingsFrame>
  );
}

const LINKS = [
  ["/api/docs", "apiDocs"],
  ["/api/v1/openapi.json", "openApi"],
  ["/metrics", "metrics"],
] as const;

function Health({ ready }: { ready: boolean }) {
  const words = useWords();
  return (
    <Badge variant="light" color={ready ? "teal" : "red"}>
      {ready ? words.settings.ready : words.settings.notReady}
    </Badge>
  );
}

function SettingsTable({ settings }: { settings: readonly SettingOut[] }) {
  const words = useWords();
  return (
    <Rows
      label={words.settings.configured}
      heads={[words.settings.setting, words.settings.value, words.settings.variable]}
      rows={settings.map((one) => ({
        name: one.name,
        cells: [
          <SettingValue key="value" setting={one} />,
          <Text key="variable" size="xs" c="dimmed" ff="monospace">
            {one.variable}
          </Text>,
        ],
      }))}
    />
  );
}

function SettingValue({ setting }: { setting: SettingOut }) {
  const words = useWords();
  return (
    <>
      {setting.value === "" ? NONE : <Code style={{ overflowWrap: "anywhere" }}>{setting.value}</Code>}{" "}
      {!setting.isDefault && <Badge variant="light">{words.settings.set}</Badge>}
    </>
  );
}
