/** Wants a station to be set to something. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { VariableOut, WantedList, WantedOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";
import { Value, ValueInput } from "./value.tsx";
import { nameOf, wholeNameOf, wish } from "./variables.ts";

/** Ask for values; the answer is all that is wanted of the station from now on. */
export function useWishing(stationId: number, done: () => void) {
  const words = useWords();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (values: ReturnType<typeof wish>[]) =>
      told(
        api.POST("/api/v1/stations/{station_id}/wanted-variables", {
          params: { path: { station_id: stationId } },
          body: { values },
          headers: once(),
        }),
      ),
    onSuccess(wanted: WantedList, values) {
      client.setQueryData(["wanted", "of", { stationId }], wanted);
      if (values.some((one) => one.value !== null)) tell(words.provisioning.saved);
      done();
    },
  });
}

type Props = { stationId: number; variable: VariableOut; wanted: WantedOut | undefined; close: () => void };

export function Wishing({ stationId, variable, wanted, close }: Props) {
  const words = useWords();
  const said = words.provisioning;
  const [value, setValue] = useState(wanted?.value ?? variable.value ?? "");
  const wishing = useWishing(stationId, close);
  const fault = useFaults(wishing.error)("values[0]");
  return (
    <Modal opened onClose={close} title={said.wishTitle(nameOf(variable))} closeButtonProps={{ "aria-label": words.everyday.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          wishing.mutate([wish(variable, value)]);
        }}
      >
        <Stack>
          <Text size="sm" c="dimmed">
            {wholeNameOf(variable)}
          </Text>
          <Text size="sm">
            {said.reported}: <Value variable={variable} />
          </Text>
          <ValueInput variable={variable} label={said.value} value={value} change={setValue} error={fault} />
          <Text size="xs" c="dimmed">
            {said.wishHelp}
          </Text>
          {wishing.error && fault === undefined && <Refusal error={wishing.error} />}
          <Group justify="space-between">
            {wanted ? (
              <Button
                variant="subtle"
                title={said.forgetHelp}
                onClick={() => wishing.mutate([wish(variable, null)])}
                disabled={wishing.isPending}
              >
                {said.forget}
              </Button>
            ) : (
              <span />
            )}
            <Group>
              <Button variant="default" onClick={close}>
                {words.everyday.cancel}
              </Button>
              <Button type="submit" loading={wishing.isPending}>
                {said.wish}
              </Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
