/** Adding a token, and changing one. */
import { Loader } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { TokenOut } from "@/shared/api/schema.gen.ts";
import { ifStill, type Tagged } from "@/shared/api/tagged.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { changedFields, useDraft } from "@/shared/ui/draft.ts";
import { tell } from "@/shared/ui/notice.ts";
import { OwnerSelect, useOwner } from "@/shared/ui/owner.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";
import { BLANK, bodyOf, fieldsOf } from "./fields.ts";
import { TokenForm } from "./form.tsx";
import { useGroupNames, useToken } from "./known.ts";

export function NewTokenPage() {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const draft = useDraft(BLANK);
  const likely = useOwner();
  const [chosen, choose] = useState<number | null>(null);
  const owner = chosen ?? likely;
  const adding = useMutation({
    mutationFn: () =>
      told(api.POST("/api/v1/tokens", { headers: once(), body: { ...bodyOf(draft.value), organisationId: owner } })),
    onSuccess(token) {
      tell(words.tokens.added(token.value));
      void client.invalidateQueries({ queryKey: ["tokens"] });
      void navigate({ to: `/tokens/${token.id}` });
    },
  });
  const fault = useFaults(adding.error)("organisationId");
  return (
    <Page title={words.tokens.add} under={[{ title: words.nav.tokens, to: "/tokens" }]}>
      <TokenForm
        draft={draft}
        isNew
        owner={<OwnerSelect value={owner} change={choose} error={fault} />}
        groups={useGroupNames()}
        saving={adding.isPending}
        error={adding.error}
        submit={adding.mutate}
        backTo="/tokens"
      />
    </Page>
  );
}

export function EditTokenPage() {
  const words = useWords();
  const id = useNumber("tokenId");
  const token = useToken(id);
  const above = [
    { title: words.nav.tokens, to: "/tokens" },
    { title: token.data?.value.value ?? String(id), to: `/tokens/${id}` },
  ];
  return (
    <Page title={words.tokens.edit} under={above}>
      {token.error ? (
        <Refusal error={token.error} again={() => void token.refetch()} />
      ) : token.data ? (
        // What somebody writes is not replaced while they write it: the tag tells whether it still fits.
        <Editing key={id} token={token.data} />
      ) : (
        <Loader aria-label={words.everyday.loading} />
      )}
    </Page>
  );
}

function Editing({ token }: { token: Tagged<TokenOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [begun] = useState(token);
  const draft = useDraft(fieldsOf(begun.value));
  const id = begun.value.id;
  const back = `/tokens/${id}`;
  const saving = useMutation({
    mutationFn() {
      const { value: _, kind: __, ...before } = bodyOf(fieldsOf(begun.value));
      const { value: ___, kind: ____, ...after } = bodyOf(draft.value);
      return told(
        api.PATCH("/api/v1/tokens/{token_id}", {
          params: { path: { token_id: id } },
          headers: ifStill(begun),
          body: changedFields(before, after),
        }),
      );
    },
    onSuccess() {
      tell(words.tokens.saved);
      void client.invalidateQueries({ queryKey: ["tokens"] });
      void navigate({ to: back });
    },
  });
  return (
    <TokenForm
      draft={draft}
      isNew={false}
      groups={useGroupNames()}
      saving={saving.isPending}
      error={saving.error}
      submit={saving.mutate}
      backTo={back}
    />
  );
}
