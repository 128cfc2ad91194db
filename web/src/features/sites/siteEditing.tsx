/** Adding a site, and changing one. */
import { NumberInput, Select, SimpleGrid, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { SiteOut } from "@/shared/api/schema.gen.ts";
import { ifStill, type Tagged } from "@/shared/api/tagged.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Asked } from "@/shared/ui/asked.tsx";
import { changedFields, type Draft, useDraft } from "@/shared/ui/draft.ts";
import { Form } from "@/shared/ui/form.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { OwnerSelect, useOwner } from "@/shared/ui/owner.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { useFaults } from "@/shared/ui/refusal.tsx";
import { blankSite, bodyOf, fieldsOf, type SiteFields, timeZones } from "./fields.ts";
import { useAnew, useSite } from "./known.ts";

export function NewSitePage() {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  const draft = useDraft(blankSite());
  const likely = useOwner();
  const [chosen, choose] = useState<number | null>(null);
  const owner = chosen ?? likely;
  const adding = useMutation({
    mutationFn: () =>
      told(api.POST("/api/v1/sites", { headers: once(), body: { ...bodyOf(draft.value), organisationId: owner } })),
    onSuccess(site) {
      tell(words.sites.added(site.name));
      anew("sites");
      void navigate({ to: `/sites/${site.id}` });
    },
  });
  const fault = useFaults(adding.error);
  return (
    <Page title={words.sites.add} under={[{ title: words.nav.sites, to: "/sites" }]}>
      <Form error={adding.error} saving={adding.isPending} submit={adding.mutate} act={words.sites.add} backTo="/sites">
        <OwnerSelect value={owner} change={choose} error={fault("organisationId")} />
        <SiteInputs draft={draft} error={adding.error} />
      </Form>
    </Page>
  );
}

export function EditSitePage() {
  const words = useWords();
  const id = useNumber("siteId");
  const site = useSite(id);
  const above = { title: words.nav.sites, to: "/sites" };
  return (
    <Asked of={site} title={words.sites.edit} under={[above]}>
      {(known) => (
        <Page title={words.sites.edit} under={[above, { title: known.value.name, to: `/sites/${id}` }]}>
          <Editing key={id} site={known} />
        </Page>
      )}
    </Asked>
  );
}

function Editing({ site }: { site: Tagged<SiteOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const anew = useAnew();
  // What somebody writes is not replaced while they write it: the tag tells whether it still fits.
  const [begun] = useState(site);
  const draft = useDraft(fieldsOf(begun.value));
  const { id } = begun.value;
  const saving = useMutation({
    mutationFn: () =>
      told(
        api.PATCH("/api/v1/sites/{site_id}", {
          params: { path: { site_id: id } },
          headers: ifStill(begun),
          body: changedFields(bodyOf(fieldsOf(begun.value)), bodyOf(draft.value)),
        }),
      ),
    onSuccess() {
      tell(words.sites.saved);
      anew("sites");
      void navigate({ to: `/sites/${id}` });
    },
  });
  return (
    <Form error={saving.error} saving={saving.isPending} submit={saving.mutate} backTo={`/sites/${id}`}>
      <SiteInputs draft={draft} error={saving.error} />
    </Form>
  );
}

function SiteInputs({ draft, error }: { draft: Draft<SiteFields>; error: unknown }): ReactNode {
  const words = useWords();
  const fault = useFaults(error);
  const degrees = { allowNegative: true, decimalScale: 6, suffix: "°" } as const;
  return (
    <>
      <TextInput label={words.sites.name} required maxLength={100} {...draft.typed("name")} error={fault("name")} />
      <TextInput label={words.sites.address} maxLength={200} {...draft.typed("address")} error={fault("address")} />
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <NumberInput
          label={words.sites.latitude}
          description={words.sites.positionHelp}
          min={-90}
          max={90}
          {...degrees}
          value={draft.value.latitude}
          onChange={(value) => draft.set("latitude", value === "" ? "" : Number(value))}
          error={fault("latitudeDegrees")}
        />
        <NumberInput
          label={words.sites.longitude}
          description={words.sites.positionHelp}
          min={-180}
          max={180}
          {...degrees}
          value={draft.value.longitude}
          onChange={(value) => draft.set("longitude", value === "" ? "" : Number(value))}
          error={fault("longitudeDegrees")}
        />
      </SimpleGrid>
      <Select
        label={words.sites.timeZone}
        description={words.sites.timeZoneHelp}
        required
        searchable
        allowDeselect={false}
        limit={100}
        data={timeZones()}
        value={draft.value.timeZone}
        onChange={(zone) => draft.set("timeZone", zone ?? "UTC")}
        error={fault("timeZone")}
      />
    </>
  );
}
