/** Asks the same of many stations. */
import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, once, told } from "../api/client.ts";
import { useWords } from "../i18n/index.tsx";
import { Refusal, useFaults } from "../ui/refusal.tsx";
import { Fields } from "./fields.tsx";
import { helpOf, type Kind, titleOf, useOffered } from "./kinds.ts";
import { begun, filled, isComplete, type Values } from "./schema.ts";

/** What makes no sense for many at once. */
const ONE_BY_ONE = new Set(["StartCharging", "StopCharging", "ReserveNow", "CancelReservation", "GetTransactionStatus"]);
const NO_CHOICES = { evseIds: [], connectorIds: [] };

export function BulkDialog({ stationIds, close }: { stationIds: number[]; close: () => void }) {
  const words = useWords();
  const navigate = useNavigate();
  const kinds = useOffered(null).filter((one) => !ONE_BY_ONE.has(one.kind));
  const [kind, setKind] = useState<Kind | null>(null);
  const [values, setValues] = useState<Values>({});
  const asking = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/bulk-commands", {
          body: { kind: kind?.kind ?? "", arguments: filled(values) as never, selection: { stationIds } },
          headers: once(),
        }),
      ),
    onSuccess: (bulk) => navigate({ to: `/commands/bulk/${bulk.id}` }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    asking.mutate();
  };
  const faults = useFaults(asking.error);
  const fault = (path: string) => faults(`arguments.${path}`);
  return (
    <Modal opened onClose={close} title={words.commands.bulkTo(stationIds.length)} closeButtonProps={{ "aria-label": words.everyday.close }}>
      <form onSubmit={submit}>
        <Stack>
          <Select
            label={words.commands.kind}
            required
            searchable
            data={kinds.map((one) => ({ value: one.kind, label: titleOf(one, words) }))}
            value={kind?.kind ?? null}
            onChange={(chosen) => {
              const found = kinds.find((one) => one.kind === chosen) ?? null;
              setKind(found);
              setValues(found ? begun(found.arguments) : {});
            }}
          />
          {kind && <Text size="sm">{helpOf(kind, words)}</Text>}
          {kind && (
            <Fields
              schema={kind.arguments}
              defs={kind.arguments.$defs ?? {}}
              values={values}
              change={setValues}
              choices={NO_CHOICES}
              fault={fault}
            />
          )}
          {asking.error && <Refusal error={asking.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.everyday.cancel}
            </Button>
            <Button type="submit" loading={asking.isPending} disabled={!kind || !isComplete(kind.arguments, values)}>
              {words.commands.send}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
