/** Asks a station to stop a session, and shows what it says: nothing is over before the station says so. */
import { Alert, Button, Group, Loader, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { StopOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { CommandBadge } from "@/shared/ui/badges.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";

type Props = { sessionId: number; asked: (order: StopOut) => void };

export function Stopping({ sessionId, asked }: Props) {
  const words = useWords();
  const said = words.transactions;
  const [opened, question] = useDisclosure();
  const [reason, setReason] = useState("");
  const stopping = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/transactions/{transaction_id}/stop", {
          params: { path: { transaction_id: sessionId }, header: once() },
          body: { reason: reason.trim() },
        }),
      ),
    onSuccess(order) {
      asked(order);
      question.close();
    },
  });
  return (
    <>
      <Button color="red" leftSection={<IconPlayerStop size={16} aria-hidden />} onClick={question.open}>
        {said.stop}
      </Button>
      <Modal opened={opened} onClose={question.close} title={said.stop} closeButtonProps={{ "aria-label": words.everyday.close }}>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            stopping.mutate();
          }}
        >
          <Stack>
            <Text>{said.stopAsk}</Text>
            <TextInput
              label={`${said.stopReasonLabel}, ${words.everyday.optional}`}
              maxLength={200}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
            {stopping.error && <Refusal error={stopping.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={question.close}>
                {words.everyday.cancel}
              </Button>
              <Button type="submit" color="red" loading={stopping.isPending}>
                {said.stopping}
              </Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}

const WAITING = new Set(["queued", "sent", "running"]);
const GOOD = new Set(["accepted", "finished"]);

/** How far the asking has come. */
export function StopOutcome({ status, reason }: { status: string; reason: string }) {
  const words = useWords();
  const outcome = words.transactions.stopOutcome[status] ?? status;
  return (
    <Alert
      color={GOOD.has(status) ? "teal" : WAITING.has(status) ? "blue" : "orange"}
      variant="light"
      icon={WAITING.has(status) ? <Loader size="xs" aria-hidden /> : <IconPlayerStop aria-hidden />}
      title={
        <Group gap="xs">
          {words.transactions.stop} <CommandBadge status={status} />
        </Group>
      }
    >
      {reason && !GOOD.has(status) ? `${outcome}: ${reason}` : outcome}
    </Alert>
  );
}
