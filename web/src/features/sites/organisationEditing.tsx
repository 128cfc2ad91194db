/** Adding an organisation, changing and removing one. */
import { Button, Checkbox, Group, SimpleGrid, TagsInput, TextInput } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { OrganisationBody, OrganisationOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { ifStill, type Tagged } from "@/shared/api/tagged.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Asked } from "@/shared/ui/asked.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { changedFields, type Draft, useDraft } from "@/shared/ui/draft.ts";
import { Form } from "@/shared/ui/form.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Page } from "@/shared/ui/page.tsx";
import { useFaults } from "@/shared/ui/refusal.tsx";
import { useAnew, useOrganisation } from "./known.ts";

type Fields = Required<OrganisationBody>;

const BLANK: Fields = { name: "", roles: ["cpo"], countryCode: "", partyId: "", certificateNames: [] };

function fieldsOf({ name, roles, countryCode, partyId, certificateNames }: OrganisationOut): Fields {
  return { name, roles, countryCode, partyId, certificateNames };
}

export function NewOrganisationPage() {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  const draft = useDraft(BLANK);
  const adding = useMutation({
    mutationFn: () => told(api.POST("/api/v1/organisations", { headers: once(), body: draft.value })),
    onSuccess(made) {
      tell(words.sites.added(made.name));
      anew("organisations");
      void navigate({ to: "/organisations" });
    },
  });
  return (
    <Page title={words.sites.addOrganisation} under={[{ title: words.nav.organisations, to: "/organisations" }]}>
      <Form error={adding.error} saving={adding.isPending} submit={adding.mutate} act={words.everyday.add} backTo="/organisations">
        <Inputs draft={draft} error={adding.error} />
      </Form>
    </Page>
  );
}

export function EditOrganisationPage() {
  const words = useWords();
  const may = useMay();
  const id = useNumber("organisationId");
  const above = [{ title: words.nav.organisations, to: "/organisations" }];
  return (
    <Asked of={useOrganisation(id)} title={words.nav.organisations} under={above}>
      {(known) => (
        <Page
          title={known.value.name}
          under={above}
          actions={may("organisations.write") && <Removing organisation={known} />}
        >
          <Editing key={id} organisation={known} />
        </Page>
      )}
    </Asked>
  );
}

function Editing({ organisation }: { organisation: Tagged<OrganisationOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  // What somebody writes is not replaced while they write it: the tag tells whether it still fits.
  const [begun] = useState(organisation);
  const before = fieldsOf(begun.value);
  const draft = useDraft(before);
  const saving = useMutation({
    mutationFn: () =>
      told(
        api.PATCH("/api/v1/organisations/{organisation_id}", {
          params: { path: { organisation_id: begun.value.id } },
          headers: ifStill(begun),
          body: changedFields(before, draft.value),
        }),
      ),
    onSuccess() {
      tell(words.sites.saved);
      anew("organisations");
      void navigate({ to: "/organisations" });
    },
  });
  return (
    <Form error={saving.error} saving={saving.isPending} submit={saving.mutate} backTo="/organisations">
      <Inputs draft={draft} error={saving.error} />
    </Form>
  );
}

function Inputs({ draft, error }: { draft: Draft<Fields>; error: unknown }) {
  const words = useWords();
  const fault = useFaults(error);
  return (
    <>
      <TextInput label={words.sites.name} required maxLength={100} {...draft.typed("name")} error={fault("name")} />
      <Checkbox.Group
        label={words.sites.roles}
        required
        value={draft.value.roles}
        onChange={(roles) => draft.set("roles", roles as Fields["roles"])}
        error={fault("roles")}
      >
        <Group mt="xs">
          <Checkbox value="cpo" label={words.sites.parties.cpo} />
          <Checkbox value="emsp" label={words.sites.parties.emsp} />
        </Group>
      </Checkbox.Group>
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label={words.sites.countryCode}
          placeholder="DE"
          required
          maxLength={2}
          {...draft.typed("countryCode")}
          error={fault("countryCode")}
        />
        <TextInput
          label={words.sites.partyId}
          description={words.sites.partyHelp}
          placeholder="ABC"
          required
          maxLength={3}
          {...draft.typed("partyId")}
          error={fault("partyId")}
        />
      </SimpleGrid>
      <TagsInput
        label={words.sites.certificateNames}
        description={words.sites.certificateNamesHelp}
        value={draft.value.certificateNames}
        onChange={(names) => draft.set("certificateNames", names)}
        error={fault("certificateNames")}
      />
    </>
  );
}

function Removing({ organisation }: { organisation: Tagged<OrganisationOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  const [asking, ask] = useState(false);
  const { id, name } = organisation.value;
  return (
    <>
      <Button variant="default" c="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => ask(true)}>
        {words.everyday.remove}
      </Button>
      <Confirm
        opened={asking}
        close={() => ask(false)}
        title={words.sites.removeTitle(name)}
        act={words.everyday.remove}
        run={async () => {
          const params = { path: { organisation_id: id } };
          await told(
            api.DELETE("/api/v1/organisations/{organisation_id}", { params, headers: ifStill(organisation) }),
          );
          await navigate({ to: "/organisations" });
          tell(words.sites.removed(name));
          anew("organisations");
        }}
      >
        {words.sites.removeOrganisationHelp}
      </Confirm>
    </>
  );
}
