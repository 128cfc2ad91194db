/** Adding a webhook, and changing one. */
import { Alert, Button, Group, MultiSelect, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { NewWebhookOut, WebhookOut } from "@/shared/api/schema.gen.ts";
import { useSites } from "@/shared/api/scope.tsx";
import { ifStill, type Tagged } from "@/shared/api/tagged.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Asked } from "@/shared/ui/asked.tsx";
import { changedFields, type Draft, useDraft } from "@/shared/ui/draft.ts";
import { Form } from "@/shared/ui/form.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { OwnerSelect, useOwner } from "@/shared/ui/owner.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { useFaults } from "@/shared/ui/refusal.tsx";
import { Copyable } from "@/shared/ui/secret.tsx";
import { useAnew, useKinds, useWebhook } from "./known.ts";
import { meaningOf } from "./meaning.ts";

type Fields = { name: string; url: string; kinds: string[]; stationId: number | null; siteId: number | null };

const BLANK: Fields = { name: "", url: "", kinds: [], stationId: null, siteId: null };

/** None chosen means all of them, those to come among them. */
function bodyOf(fields: Fields) {
  return { ...fields, kinds: fields.kinds.length === 0 ? null : fields.kinds };
}

function fieldsOf({ name, url, kinds, stationId, siteId }: WebhookOut): Fields {
  return { name, url, kinds: kinds ?? [], stationId, siteId };
}

export function NewWebhookPage() {
  const words = useWords();
  const anew = useAnew();
  const draft = useDraft(BLANK);
  const likely = useOwner();
  const [chosen, choose] = useState<number | null>(null);
  const owner = chosen ?? likely;
  const adding = useMutation({
    mutationFn: () =>
      told(api.POST("/api/v1/webhooks", { headers: once(), body: { ...bodyOf(draft.value), organisationId: owner } })),
    onSuccess: anew,
  });
  return (
    <Page title={words.webhooks.add} under={[{ title: words.nav.webhooks, to: "/webhooks" }]}>
      {adding.data ? (
        <Secret made={adding.data} />
      ) : (
        <Form error={adding.error} saving={adding.isPending} submit={adding.mutate} act={words.webhooks.add} backTo="/webhooks">
          <OwnerSelect value={owner} change={choose} error={useFaults(adding.error)("organisationId")} />
          <Inputs draft={draft} error={adding.error} />
        </Form>
      )}
    </Page>
  );
}

function Secret({ made }: { made: NewWebhookOut }) {
  const words = useWords();
  return (
    <Alert color="teal" icon={<IconEyeOff aria-hidden />} title={words.webhooks.added(made.name)} maw={760}>
      <Stack gap="sm">
        <Copyable value={made.secret} label={words.webhooks.secret} />
        <Text size="sm">{words.webhooks.secretHelp}</Text>
        <Group>
          <Button component={Link} to={`/webhooks/${made.id}`} variant="default">
            {words.webhooks.toWebhook}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}

export function EditWebhookPage() {
  const words = useWords();
  const id = useNumber("webhookId");
  const above = { title: words.nav.webhooks, to: "/webhooks" };
  return (
    <Asked of={useWebhook(id)} title={words.webhooks.edit} under={[above]}>
      {(known) => (
        <Page title={words.webhooks.edit} under={[above, { title: known.value.name, to: `/webhooks/${id}` }]}>
          <Editing key={id} hook={known} />
        </Page>
      )}
    </Asked>
  );
}

function Editing({ hook }: { hook: Tagged<WebhookOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  // What somebody writes is not replaced while they write it: the tag tells whether it still fits.
  const [begun] = useState(hook);
  const before = fieldsOf(begun.value);
  const draft = useDraft(before);
  const back = `/webhooks/${begun.value.id}`;
  const saving = useMutation({
    mutationFn: () =>
      told(
        api.PATCH("/api/v1/webhooks/{webhook_id}", {
          params: { path: { webhook_id: begun.value.id } },
          headers: ifStill(begun),
          body: changedFields(bodyOf(before), bodyOf(draft.value)),
        }),
      ),
    onSuccess() {
      tell(words.webhooks.saved);
      void anew();
      void navigate({ to: back });
    },
  });
  return (
    <Form error={saving.error} saving={saving.isPending} submit={saving.mutate} backTo={back}>
      <Inputs draft={draft} error={saving.error} />
    </Form>
  );
}

function Inputs({ draft, error }: { draft: Draft<Fields>; error: unknown }) {
  const words = useWords();
  const kinds = useKinds();
  const sites = useSites();
  const fault = useFaults(error);
  const { value, set } = draft;
  const meanings = new Map(kinds.map((one) => [one.kind, meaningOf(one, words)]));
  return (
    <>
      <TextInput label={words.webhooks.name} required maxLength={100} {...draft.typed("name")} error={fault("name")} />
      <TextInput
        type="url"
        label={words.webhooks.url}
        description={words.webhooks.urlHelp}
        placeholder="https://"
        required
        maxLength={2000}
        {...draft.typed("url")}
        error={fault("url")}
      />
      <MultiSelect
        label={words.webhooks.kinds}
        description={words.webhooks.kindsHelp}
        data={kinds.map((one) => one.kind)}
        value={value.kinds}
        searchable
        clearable
        clearButtonProps={{ "aria-label": `${words.everyday.clear}: ${words.webhooks.kinds}` }}
        maxDropdownHeight={320}
        nothingFoundMessage={words.nav.nothing}
        renderOption={({ option }) => (
          <div>
            <Text size="sm">{option.value}</Text>
            <Text size="xs" c="dimmed">
              {meanings.get(option.value)}
            </Text>
          </div>
        )}
        onChange={(chosen) => set("kinds", chosen)}
        error={fault("kinds")}
      />
      <Select
        label={words.webhooks.site}
        description={words.webhooks.boundHelp}
        placeholder={words.everyday.any}
        data={sites.map((one) => ({ value: String(one.id), label: one.name }))}
        value={value.siteId === null ? null : String(value.siteId)}
        searchable
        clearable
        clearButtonProps={{ "aria-label": `${words.everyday.clear}: ${words.webhooks.site}` }}
        onChange={(id) => set("siteId", id === null ? null : Number(id))}
        error={fault("siteId")}
      />
      <StationPick
        label={words.webhooks.station}
        value={value.stationId ?? undefined}
        change={(id) => set("stationId", id ?? null)}
        error={fault("stationId")}
      />
    </>
  );
}
