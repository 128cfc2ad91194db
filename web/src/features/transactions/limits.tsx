/** The limits of a session: what is wanted, what the station says of it, and setting them. */
import { Badge, Button, Group, Modal, NumberInput, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import type { LimitsOut, TransactionDetail } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";

const KINDS = ["energyWh", "timeS", "cost", "socPercent"] as const;
type Kind = (typeof KINDS)[number];

type Props = { session: TransactionDetail; mayControl: boolean };

export function Limits({ session, mayControl }: Props) {
  const words = useWords();
  const [opened, form] = useDisclosure();
  const said = words.transactions;
  const running = session.endedAt === null;
  const none = KINDS.every((kind) => valueOf(session.limits, kind) === null && valueOf(session.limitsTold, kind) === null);
  return (
    <Paper withBorder p="md" component="section" aria-label={said.limits}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {said.limits}
        </Title>
        {running && mayControl && (
          <Button variant="default" size="xs" onClick={form.open}>
            {said.setLimits}
          </Button>
        )}
      </Group>
      {none ? <Text c="dimmed">{running ? said.limitsNone : said.limitsOver}</Text> : <Known session={session} />}
      {running && (
        <Text size="xs" c="dimmed" mt="xs">
          {said.limitsHelp}
        </Text>
      )}
      <Modal opened={opened} onClose={form.close} title={said.setLimits} closeButtonProps={{ "aria-label": words.everyday.close }}>
        <Form session={session} close={form.close} />
      </Modal>
    </Paper>
  );
}

function Known({ session }: { session: TransactionDetail }) {
  const words = useWords();
  const said = words.transactions;
  const write = useWritten();
  return (
    <Table.ScrollContainer minWidth={300}>
      <Table aria-label={said.limits}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{said.kind}</Table.Th>
            <Table.Th ta="right">{said.wanted}</Table.Th>
            <Table.Th ta="right">{said.stationSays}</Table.Th>
            <Table.Th>{said.who}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {KINDS.filter((kind) => valueOf(session.limits, kind) !== null || valueOf(session.limitsTold, kind) !== null).map(
            (kind) => (
              <Table.Tr key={kind}>
                <Table.Th scope="row" fw={500}>
                  {said.limit[kind]}
                </Table.Th>
                <Table.Td ta="right">{write(session.limits, kind)}</Table.Td>
                <Table.Td ta="right">{write(session.limitsTold, kind)}</Table.Td>
                <Table.Td>
                  <Group gap={6}>
                    {session.limitsConfirmed.includes(kind) || session.limits === null ? said.byStation : said.byUs}
                    {session.limitsReached.includes(kind) && (
                      <Badge color="orange" variant="light">
                        {said.reached}
                      </Badge>
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ),
          )}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function valueOf(limits: LimitsOut | null, kind: Kind): number | string | null {
  return limits === null ? null : limits[kind];
}

function useWritten(): (limits: LimitsOut | null, kind: Kind) => string {
  const words = useWords();
  const format = useFormat();
  return (limits, kind) => {
    const value = valueOf(limits, kind);
    if (limits === null || value === null) return words.transactions.nothingSaid;
    if (kind === "energyWh") return format.energy(Number(value));
    if (kind === "timeS") return format.duration(Number(value));
    if (kind === "cost") return format.money(value, limits.currency);
    return format.percent(Number(value));
  };
}

/** How many of the API's units one of the form's is. */
const UNITS: Record<Kind, number> = { energyWh: 1000, timeS: 60, cost: 1, socPercent: 1 };

type Typed = Record<Kind, number | "">;

function begin(limits: LimitsOut | null): Typed {
  const typed = (kind: Kind): number | "" => {
    const value = valueOf(limits, kind);
    return value === null ? "" : Number(value) / UNITS[kind];
  };
  return { energyWh: typed("energyWh"), timeS: typed("timeS"), cost: typed("cost"), socPercent: typed("socPercent") };
}

function Form({ session, close }: { session: TransactionDetail; close: () => void }) {
  const words = useWords();
  const said = words.transactions;
  const format = useFormat();
  const client = useQueryClient();
  const [typed, setTyped] = useState<Typed>(() => begin(session.limits));
  const setting = useMutation({
    mutationFn: () => {
      const { energyWh, timeS, cost, socPercent } = typed;
      return told(
        api.PUT("/api/v1/transactions/{transaction_id}/limits", {
          params: { path: { transaction_id: session.id } },
          body: {
            energyWh: energyWh === "" ? null : energyWh * UNITS.energyWh,
            timeS: timeS === "" ? null : Math.round(timeS * UNITS.timeS),
            cost: cost === "" ? null : String(cost),
            socPercent: socPercent === "" ? null : socPercent,
          },
        }),
      );
    },
    onSuccess(after) {
      client.setQueryData(["transactions", "one", session.id], after);
      tell(said.limitsSet);
      close();
    },
  });
  const fault = useFaults(setting.error);
  const known = KINDS.some((kind) => fault(kind) !== undefined);
  const decimal = format.number(1.5, 1).includes(",") ? "," : ".";
  const unit = (kind: Kind): string => (kind === "cost" ? session.currency : said.limitUnit[kind]);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        setting.mutate();
      }}
    >
      <Stack>
        {KINDS.filter((kind) => kind !== "cost" || session.currency !== "").map((kind) => (
          <NumberInput
            key={kind}
            label={`${said.limit[kind]} (${unit(kind)})`}
            placeholder={said.noLimit}
            value={typed[kind]}
            onChange={(value) => setTyped((before) => ({ ...before, [kind]: typeof value === "number" ? value : "" }))}
            min={0}
            max={kind === "socPercent" ? 100 : undefined}
            allowDecimal={kind === "energyWh" || kind === "cost"}
            decimalScale={kind === "cost" ? 2 : 3}
            decimalSeparator={decimal}
            error={fault(kind)}
          />
        ))}
        {setting.error && !known && <Refusal error={setting.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {words.everyday.cancel}
          </Button>
          <Button type="submit" loading={setting.isPending}>
            {said.setLimits}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
