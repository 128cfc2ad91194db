/** A new API key: what it is for, what it may, and its text, once. */
import { Code, Select, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import { useMe } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { useDraft } from "@/shared/ui/draft.ts";
import { Form } from "@/shared/ui/form.tsx";
import { instantOf } from "@/shared/ui/moments.ts";
import { Page } from "@/shared/ui/page.tsx";
import { useFaults } from "@/shared/ui/refusal.tsx";
import { choicesFor, type Role, ROLES, whereOf } from "./grants.ts";
import { useNamed } from "./places.ts";
import { ShownOnce } from "./shownOnce.tsx";

export function NewKeyPage() {
  const words = useWords();
  const me = useMe();
  const client = useQueryClient();
  const named = useNamed();
  const places = choicesFor(me.grants, named);
  const draft = useDraft({ name: "", role: "viewer" as Role, expiresAt: "" });
  const [chosen, choose] = useState<string | null>(null);
  const place = chosen ?? places.find((one) => one.value !== "platform")?.value ?? places[0]?.value ?? null;
  const adding = useMutation({
    mutationFn() {
      const where = place === null ? null : whereOf(place, named.sites);
      if (where === null) throw new Error("no place was chosen");
      const { name, role, expiresAt } = draft.value;
      const body = { name, role, expiresAt: instantOf(expiresAt), ...where };
      return told(api.POST("/api/v1/api-keys", { headers: once(), body }));
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["keys"] }),
  });
  const fault = useFaults(adding.error);
  return (
    <Page title={words.accounts.addKey} under={[{ title: words.nav.keys, to: "/keys" }]}>
      {adding.data ? (
        <ShownOnce
          title={words.accounts.keyAdded(adding.data.name)}
          label={words.accounts.key}
          secret={adding.data.key}
          backTo="/keys"
        >
          <Text size="sm">{words.accounts.keyUse}</Text>
          <Code block>{`curl -H "Authorization: Bearer $KEY" ${location.origin}/api/v1/me`}</Code>
        </ShownOnce>
      ) : (
        <Form
          error={adding.error}
          saving={adding.isPending}
          submit={adding.mutate}
          act={words.accounts.addKey}
          backTo="/keys"
        >
          <TextInput
            label={words.accounts.keyName}
            description={words.accounts.keyNameHelp}
            required
            maxLength={100}
            {...draft.typed("name")}
            error={fault("name")}
          />
          <Select
            label={words.accounts.role}
            description={words.accounts.roleMeaning[draft.value.role]}
            data={ROLES.map((role) => ({ value: role, label: words.accounts.roles[role] }))}
            value={draft.value.role}
            allowDeselect={false}
            onChange={(role) => draft.set("role", role as Role)}
            error={fault("role")}
          />
          <Select
            label={words.accounts.where}
            data={places}
            value={place}
            allowDeselect={false}
            searchable
            required
            onChange={choose}
            error={fault("organisationId") ?? fault("siteId")}
          />
          <TextInput
            type="datetime-local"
            label={words.accounts.expires}
            description={words.accounts.expiresHelp}
            {...draft.typed("expiresAt")}
            error={fault("expiresAt")}
          />
        </Form>
      )}
    </Page>
  );
}
