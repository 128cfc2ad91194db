/** Dead letters: events that a webhook could not be told of, to send once more or to drop. */
import { Button, Code, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import { useListed } from "@/shared/api/lists.ts";
import type { DeadLetterOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { WebhookFrame } from "./frame.tsx";
import { useAnew } from "./known.ts";
import { Outcome } from "./outcome.tsx";

export function LettersPage() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const id = useNumber("webhookId");
  const anew = useAnew();
  const [open, look] = useState<DeadLetterOut | null>(null);
  const list = useListed(["webhooks", "letters", id], (cursor, signal) =>
    told(
      api.GET("/api/v1/webhooks/{webhook_id}/dead-letters", {
        signal,
        params: { path: { webhook_id: id }, query: { ...(cursor !== undefined && { cursor }) } },
      }),
    ),
  );
  const path = (letter: DeadLetterOut) => ({ path: { webhook_id: id, letter_id: letter.id } });
  const sending = useMutation({
    mutationFn: (letter: DeadLetterOut) =>
      told(
        api.POST("/api/v1/webhooks/{webhook_id}/dead-letters/{letter_id}/redeliver", {
          params: path(letter),
          headers: once(),
          body: {},
        }),
      ),
    onSuccess: anew,
  });
  const dropping = useMutation({
    mutationFn: (letter: DeadLetterOut) =>
      told(api.DELETE("/api/v1/webhooks/{webhook_id}/dead-letters/{letter_id}", { params: path(letter) })),
    onSuccess: anew,
  });
  const columns: Column<DeadLetterOut>[] = [
    { name: words.webhooks.when, cell: (one) => <Ago at={one.diedAt} /> },
    { name: words.webhooks.kind, cell: (one) => one.kind },
    { name: words.webhooks.error, cell: (one) => one.error },
    { name: words.webhooks.attempts, wide: true, align: "right", cell: (one) => format.number(one.attempts) },
    {
      name: words.everyday.change,
      align: "right",
      cell: (one) => (
        <Group gap={4} justify="flex-end">
          <Button size="xs" variant="default" onClick={() => look(one)}>
            {words.webhooks.look}
          </Button>
          {may("webhooks.write") && (
            <>
              <Button
                size="xs"
                loading={sending.isPending && sending.variables?.id === one.id}
                onClick={() => sending.mutate(one)}
              >
                {words.webhooks.again}
              </Button>
              <Button
                size="xs"
                variant="default"
                c="red"
                loading={dropping.isPending && dropping.variables?.id === one.id}
                onClick={() => dropping.mutate(one)}
              >
                {words.webhooks.drop}
              </Button>
            </>
          )}
        </Group>
      ),
    },
  ];
  return (
    <WebhookFrame tab="/dead-letters">
      <Stack>
        <Text c="dimmed" size="sm">
          {words.webhooks.lettersHelp}
        </Text>
        {(sending.error ?? dropping.error) && <Refusal error={sending.error ?? dropping.error} />}
        {sending.data && <Outcome tried={sending.data} />}
        <Listing
          label={words.webhooks.letters}
          list={list}
          columns={columns}
          keyOf={(one) => one.id}
          empty={<Empty title={words.webhooks.noLetters}>{words.webhooks.noLettersHelp}</Empty>}
        />
      </Stack>
      <Modal
        opened={open !== null}
        onClose={() => look(null)}
        size="lg"
        title={open?.kind}
        closeButtonProps={{ "aria-label": words.everyday.close }}
      >
        <Code block>{JSON.stringify(open?.body, null, 2)}</Code>
      </Modal>
    </WebhookFrame>
  );
}
