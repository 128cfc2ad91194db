/** How the figures of a session came about: what the station said, how the energy was reckoned, what is odd. */
import { Alert, Badge, List, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconInfoCircle } from "@tabler/icons-react";
import type { TransactionDetail, TransactionEventOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { VerdictBadge } from "@/shared/ui/badges.tsx";
import { newsOf } from "./news.ts";

export function Remarks({ session }: { session: TransactionDetail }) {
  const words = useWords();
  const said = words.transactions;
  const meanings: Record<string, string> = said.remark;
  const missing = session.missing.map(([first, last]) => (first === last ? `${first}` : said.until(`${first}`, `${last}`)));
  if (session.complete && session.remarks.length === 0) return null;
  return (
    <Alert color="yellow" variant="light" icon={<IconInfoCircle aria-hidden />} title={said.remarks}>
      <List size="sm">
        {!session.complete && <List.Item>{said.incomplete(missing.join(", "))}</List.Item>}
        {session.remarks.map((one) => (
          <List.Item key={one.remark}>
            {meanings[one.remark] ?? one.meaning}
            {one.count !== null && one.count > 1 && ` (${said.times(one.count)})`}
            {one.detail && (
              <Text span size="xs" c="dimmed">
                {" "}
                {one.detail}
              </Text>
            )}
          </List.Item>
        ))}
      </List>
    </Alert>
  );
}

type Step = { rule: string; wh: string; at?: string; until?: string; count?: number; detail?: string };

export function EnergyTrail({ session }: { session: TransactionDetail }) {
  const words = useWords();
  const said = words.transactions;
  const trails = (["imported", "exported"] as const)
    .map((name) => ({ name, steps: (session.trail[name] ?? []) as unknown as Step[] }))
    .filter(({ steps }) => steps.length > 0);
  return (
    <Paper withBorder p="md" component="section" aria-label={said.trail}>
      <Title order={2} size="h4" mb="xs">
        {said.trail}
      </Title>
      {trails.length === 0 && <Text c="dimmed">{said.trailNone}</Text>}
      {trails.map(({ name, steps }) => (
        <Stack key={name} gap={4}>
          {trails.length > 1 && (
            <Title order={3} size="sm">
              {said[name]}
            </Title>
          )}
          <List size="sm" type="ordered" spacing={4}>
            {steps.map((step, place) => (
              <List.Item key={place}>
                <OneStep step={step} />
              </List.Item>
            ))}
          </List>
        </Stack>
      ))}
    </Paper>
  );
}

function OneStep({ step }: { step: Step }) {
  const words = useWords();
  const format = useFormat();
  const said = words.transactions;
  const rules: Record<string, string> = said.rule;
  const times = [step.at, step.until].filter((at) => at !== undefined).map((at) => format.instant(at));
  const when = times.length === 2 ? said.until(times[0] ?? "", times[1] ?? "") : times[0];
  const about = [
    Number(step.wh) !== 0 ? `${format.number(Number(step.wh), 3)}\u00a0Wh` : "",
    when ?? "",
    (step.count ?? 1) > 1 ? said.times(step.count ?? 1) : "",
    step.detail ?? "",
  ].filter((one) => one !== "");
  return (
    <>
      {rules[step.rule] ?? step.rule}
      {about.length > 0 && (
        <Text size="xs" c="dimmed">
          {about.join(" · ")}
        </Text>
      )}
    </>
  );
}

export function Events({ events }: { events: readonly TransactionEventOut[] }) {
  const words = useWords();
  const format = useFormat();
  const said = words.transactions;
  const kinds: Record<string, string> = said.what;
  const states: Record<string, string> = words.states.charging;
  return (
    <Paper withBorder p="md" component="section" aria-label={said.events}>
      <Title order={2} size="h4" mb="xs">
        {said.events}
      </Title>
      <Text size="xs" c="dimmed" mb="xs">
        {said.eventsHelp}
      </Text>
      <Table.ScrollContainer minWidth={320} maxHeight={420} scrollAreaProps={{ viewportProps: { tabIndex: 0 } }}>
        <Table aria-label={said.events} verticalSpacing={4} fz="sm">
          <Table.Tbody>
            {newsOf(events).map((one, place) => (
              <Table.Tr key={`${one.seqNo ?? "-"} ${one.at} ${place}`}>
                <Table.Td style={{ whiteSpace: "nowrap" }} title={format.instant(one.at)}>
                  {format.time(one.at)}
                  {late(one) > 60 && (
                    <Text size="xs" c="dimmed">
                      {said.heardLater(format.duration(late(one)))}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>{kinds[one.what] ?? one.what}</Table.Td>
                <Table.Td>
                  {states[one.chargingState] ?? one.chargingState}
                  {one.trigger && (
                    <Text size="xs" c="dimmed">
                      {one.trigger}
                    </Text>
                  )}
                </Table.Td>
                <Table.Td>
                  {one.token} {one.verdict && <VerdictBadge verdict={one.verdict} />} {one.stopReason}
                  {one.registerWh !== null && ` ${format.number(one.registerWh, 3)}\u00a0Wh`}
                  {one.offline && (
                    <Badge color="gray" variant="outline">
                      {said.offline}
                    </Badge>
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

function late(one: TransactionEventOut): number {
  return (Date.parse(one.receivedAt) - Date.parse(one.at)) / 1000;
}
