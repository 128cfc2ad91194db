/** What people say of a station. */
import { Button, Group, Modal, Select, Stack, Switch, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import type { StationChange, StationDetail } from "@/shared/api/schema.gen.ts";
import { useSites } from "@/shared/api/scope.tsx";
import { useWords } from "@/shared/i18n/index.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";

export function EditStation({ station, close }: { station: StationDetail; close: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  const sites = useSites().filter((one) => one.organisationId === station.organisationId);
  const [changed, setChanged] = useState<StationChange>({});
  const now = { ...station, ...changed };
  const set = (change: StationChange) => setChanged((before) => ({ ...before, ...change }));
  const saving = useMutation({
    mutationFn: () =>
      told(
        api.PATCH("/api/v1/stations/{station_id}", {
          params: { path: { station_id: station.id } },
          body: changed,
        }),
      ),
    onSuccess(after) {
      client.setQueryData(["stations", "one", station.id], after);
      tell(words.stations.saved);
      close();
    },
  });
  const fault = useFaults(saving.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <Modal opened onClose={close} title={words.stations.edit(station.stationId)} closeButtonProps={{ "aria-label": words.everyday.close }}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label={words.stations.name}
            description={words.stations.nameHelp}
            value={now.name}
            error={fault("name")}
            onChange={(event) => set({ name: event.currentTarget.value })}
          />
          <Select
            label={words.stations.site}
            data={sites.map((one) => ({ value: String(one.id), label: one.name }))}
            value={now.siteId === null || now.siteId === undefined ? null : String(now.siteId)}
            onChange={(chosen) => set({ siteId: chosen === null ? null : Number(chosen) })}
            error={fault("siteId")}
            clearable
            searchable
          />
          <Select
            label={words.stations.securityProfile}
            data={Object.entries(words.stations.profiles).map(([value, label]) => ({ value, label }))}
            value={String(now.securityProfile)}
            onChange={(chosen) => set({ securityProfile: Number(chosen) })}
            error={fault("securityProfile")}
            allowDeselect={false}
          />
          {now.securityProfile === 3 && (
            <TextInput
              label={words.stations.certificateName}
              description={words.stations.certificateHelp}
              value={now.certificateName}
              error={fault("certificateName")}
              onChange={(event) => set({ certificateName: event.currentTarget.value })}
            />
          )}
          <Switch
            label={words.stations.soap}
            checked={now.soapEnabled}
            onChange={(event) => set({ soapEnabled: event.currentTarget.checked })}
          />
          {now.soapEnabled && (
            <TextInput
              label={words.stations.soapAddress}
              value={now.soapAddress}
              error={fault("soapAddress")}
              onChange={(event) => set({ soapAddress: event.currentTarget.value })}
            />
          )}
          <Switch
            label={words.stations.enabled}
            description={words.stations.enabledHelp}
            checked={now.enabled}
            onChange={(event) => set({ enabled: event.currentTarget.checked })}
          />
          {saving.error && <Refusal error={saving.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.everyday.cancel}
            </Button>
            <Button type="submit" loading={saving.isPending} disabled={Object.keys(changed).length === 0}>
              {words.everyday.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
