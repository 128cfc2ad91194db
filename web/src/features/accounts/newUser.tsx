/** Lets somebody in: a name, what they may do, and a password that is shown once. */
import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { api, once, told } from "@/shared/api/client.ts";
import type { GrantOut } from "@/shared/api/schema.gen.ts";
import { useMe } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { useDraft } from "@/shared/ui/draft.ts";
import { Form } from "@/shared/ui/form.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Page } from "@/shared/ui/page.tsx";
import { PasswordField } from "@/shared/ui/password.tsx";
import { useFaults } from "@/shared/ui/refusal.tsx";
import { GrantEditor } from "./grantEditor.tsx";
import { bodyOf, choicesFor, leastGrant } from "./grants.ts";
import { useNamed } from "./places.ts";
import { ShownOnce } from "./shownOnce.tsx";

const BLANK = { login: "", name: "", password: "", grants: null as GrantOut[] | null };

export function NewUserPage() {
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const draft = useDraft(BLANK);
  const named = useNamed();
  const least = leastGrant(choicesFor(useMe().grants, named), named.sites);
  const grants = draft.value.grants ?? (least === null ? [] : [least]);
  const adding = useMutation({
    mutationFn() {
      const { login, name, password } = draft.value;
      const body = { login, name, grants: bodyOf(grants), password: password === "" ? null : password };
      return told(api.POST("/api/v1/users", { headers: once(), body }));
    },
    onSuccess(made) {
      void client.invalidateQueries({ queryKey: ["users"] });
      if (made.password) return;
      tell(words.accounts.userAdded(made.login));
      void navigate({ to: `/users/${made.id}` });
    },
  });
  const fault = useFaults(adding.error);
  const made = adding.data;
  return (
    <Page title={words.accounts.addUser} under={[{ title: words.nav.users, to: "/users" }]}>
      {made?.password ? (
        <ShownOnce
          title={words.accounts.userAdded(made.login)}
          label={words.accounts.password}
          secret={made.password}
          backTo={`/users/${made.id}`}
        />
      ) : (
        <Form
          error={adding.error}
          saving={adding.isPending}
          submit={adding.mutate}
          act={words.accounts.addUser}
          backTo="/users"
        >
          <TextInput
            label={words.accounts.login}
            description={words.accounts.loginHelp}
            required
            maxLength={100}
            autoComplete="off"
            {...draft.typed("login")}
            error={fault("login")}
          />
          <TextInput
            label={words.accounts.fullName}
            maxLength={100}
            autoComplete="off"
            {...draft.typed("name")}
            error={fault("name")}
          />
          <PasswordField
            label={words.accounts.password}
            description={words.accounts.passwordHelp}
            autoComplete="new-password"
            {...draft.typed("password")}
            error={fault("password")}
          />
          <GrantEditor
            grants={grants}
            change={(changed) => draft.set("grants", changed)}
            error={fault("grants")}
          />
        </Form>
      )}
    </Page>
  );
}
