/** A new password for a station, shown once, to be entered at the station itself. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, told } from "@/shared/api/client.ts";
import type { StationDetail } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { Copyable } from "@/shared/ui/secret.tsx";

export function PasswordDialog({ station, close }: { station: StationDetail; close: () => void }) {
  const words = useWords();
  const giving = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/stations/{station_id}/password", {
          params: { path: { station_id: station.id } },
          body: {},
        }),
      ),
  });
  return (
    <Modal opened onClose={close} title={words.stations.newPassword} closeButtonProps={{ "aria-label": words.everyday.close }}>
      <Stack>
        <Text size="sm">{giving.data ? words.stations.passwordOnce : words.stations.newPasswordHelp}</Text>
        {giving.error && <Refusal error={giving.error} />}
        {giving.data && <Copyable value={giving.data.password} label={words.accounts.password} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {giving.data ? words.everyday.close : words.everyday.cancel}
          </Button>
          {!giving.data && (
            <Button color="red" loading={giving.isPending} onClick={() => giving.mutate()}>
              {words.stations.newPassword}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
}
