/** Asks for what a command needs, sends it to one station and shows what comes of it. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, once, told } from "../api/client.ts";
import type { CommandOut, StationOut } from "../api/schema.gen.ts";
import { useWords } from "../i18n/index.tsx";
import { Refusal, useFaults } from "../ui/refusal.tsx";
import { Fields } from "./fields.tsx";
import { helpOf, type Kind, titleOf } from "./kinds.ts";
import { Outcome, useCommand } from "./outcome.tsx";
import { begun, filled, isComplete, type Schema, type Values } from "./schema.ts";

/** How long a person waits for a station's answer before being told that there is none yet. */
const WAIT_S = 10;

type Props = {
  kind: Kind;
  station: Pick<StationOut, "id" | "stationId" | "connected" | "connectors">;
  /** What is filled in already. */
  given?: Values;
  close: () => void;
};

export function CommandDialog({ kind, station, given, close }: Props) {
  const words = useWords();
  const [values, setValues] = useState<Values>(() => ({ ...begun(kind.arguments), ...sensible(kind), ...given }));
  const sending = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/stations/{station_id}/commands", {
          params: { path: { station_id: station.id }, query: { wait: WAIT_S } },
          body: { kind: kind.kind, arguments: filled(values) as never },
          headers: once(),
        }),
      ) as Promise<CommandOut>,
  });
  const command = useCommand(sending.data);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    sending.mutate();
  };
  const faults = useFaults(sending.error);
  const fault = (path: string) => faults(`arguments.${path}`, path);
  return (
    <Modal
      opened
      onClose={close}
      title={`${titleOf(kind, words)}: ${station.stationId}`}
      closeButtonProps={{ "aria-label": words.everyday.close }}
    >
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">{helpOf(kind, words)}</Text>
          {!station.connected && command === undefined && (
            <Text size="sm" c="dimmed">
              {words.commands.offline}
            </Text>
          )}
          {command === undefined && (
            <Fields
              schema={undecided(kind.arguments, given)}
              defs={kind.arguments.$defs ?? {}}
              values={values}
              change={setValues}
              choices={choicesOf(station, values)}
              fault={fault}
            />
          )}
          {sending.error && <Refusal error={sending.error} />}
          {command && <Outcome command={command} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {command ? words.everyday.close : words.everyday.cancel}
            </Button>
            {command === undefined && (
              <Button type="submit" loading={sending.isPending} disabled={!isComplete(kind.arguments, values)}>
                {words.commands.send}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function choicesOf(station: Props["station"], values: Values) {
  const places = station.connectors.filter((one) => one.evseId > 0);
  return {
    evseIds: [...new Set(places.map((one) => one.evseId))],
    connectorIds: places
      .filter((one) => one.evseId === values.evseId && one.connectorId !== null)
      .map((one) => Number(one.connectorId)),
  };
}

/** Which session is meant has been decided by where one was; its number would tell nobody anything. */
function undecided(schema: Schema, given: Values | undefined): Schema {
  if (given?.transactionId === undefined) return schema;
  const { transactionId: _decided, ...properties } = schema.properties ?? {};
  return { ...schema, properties };
}

/** Numbers that only have to be new, and switches whose usual answer is yes. */
function sensible(kind: Kind): Values {
  switch (kind.kind) {
    case "ReserveNow":
      return { reservationId: Math.floor(Math.random() * 1e9), expiresAt: new Date(Date.now() + 3_600_000).toISOString() };
    case "ChangeAvailability":
      return { operative: false };
    default:
      return {};
  }
}
