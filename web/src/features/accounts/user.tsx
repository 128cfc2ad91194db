/** One user: what they may do, whether they may sign in, and a new password when the old one is lost. */
import { Badge, Button, Paper, Stack, Switch, TextInput } from "@mantine/core";
import { IconKey, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { UserOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { ifStill, type Tagged, tagged } from "@/shared/api/tagged.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Asked } from "@/shared/ui/asked.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { changedFields, useDraft } from "@/shared/ui/draft.ts";
import { Facts } from "@/shared/ui/facts.tsx";
import { Form } from "@/shared/ui/form.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Page } from "@/shared/ui/page.tsx";
import { useFaults } from "@/shared/ui/refusal.tsx";
import { GrantEditor } from "./grantEditor.tsx";
import { GrantList } from "./grantList.tsx";
import { bodyOf } from "./grants.ts";
import { ShownOnce } from "./shownOnce.tsx";

export function UserPage() {
  const words = useWords();
  const may = useMay();
  const id = useNumber("userId");
  const [password, show] = useState<string | null>(null);
  const [saved, count] = useState(0);
  const user = useQuery({
    queryKey: ["users", "one", id],
    queryFn: () => tagged(api.GET("/api/v1/users/{user_id}", { params: { path: { user_id: id } } })),
  });
  const above = [{ title: words.nav.users, to: "/users" }];
  return (
    <Asked of={user} title={words.nav.users} under={above}>
      {(known) => (
        <Page
          title={known.value.login}
          under={above}
          badge={!known.value.enabled && <Badge color="gray">{words.accounts.disabled}</Badge>}
          actions={may("users.write") && <Actions user={known} show={show} />}
        >
          <Stack>
            {password !== null && (
              <ShownOnce title={words.accounts.newPassword} label={words.accounts.password} secret={password} />
            )}
            <Paper withBorder p="md">
              <Record user={known.value} whole={!may("users.write")} />
            </Paper>
            {may("users.write") && <Editing key={saved} user={known} done={() => count((before) => before + 1)} />}
          </Stack>
        </Page>
      )}
    </Asked>
  );
}

/** What is changed below is not said twice. */
function Record({ user, whole }: { user: UserOut; whole: boolean }) {
  const words = useWords();
  const format = useFormat();
  return (
    <Facts
      of={[
        [words.accounts.fullName, whole && user.name],
        [words.accounts.grants, whole && <GrantList key="grants" grants={user.grants} />],
        [words.accounts.lastSignIn, user.signedInAt ? format.instant(user.signedInAt) : words.accounts.never],
        [words.accounts.createdAt, format.instant(user.createdAt)],
      ]}
    />
  );
}

function Editing({ user, done }: { user: Tagged<UserOut>; done: () => void }) {
  const words = useWords();
  const client = useQueryClient();
  // What somebody writes is not replaced while they write it: the tag tells whether it still fits.
  const [begun] = useState(user);
  const { id, name, enabled, grants } = begun.value;
  const before = { name, enabled, grants };
  const draft = useDraft(before);
  const saving = useMutation({
    mutationFn() {
      const { grants: wanted, ...changed } = changedFields(before, draft.value);
      return told(
        api.PATCH("/api/v1/users/{user_id}", {
          params: { path: { user_id: id } },
          headers: ifStill(begun),
          body: { ...changed, ...(wanted !== undefined && { grants: bodyOf(wanted) }) },
        }),
      );
    },
    async onSuccess() {
      tell(words.accounts.saved);
      await client.invalidateQueries({ queryKey: ["users"] });
      done();
    },
  });
  const fault = useFaults(saving.error);
  return (
    <Form error={saving.error} saving={saving.isPending} submit={saving.mutate} backTo="/users">
      <TextInput label={words.accounts.fullName} maxLength={100} {...draft.typed("name")} error={fault("name")} />
      <Switch
        label={words.accounts.maySignIn}
        description={words.accounts.maySignInHelp}
        checked={draft.value.enabled}
        onChange={(event) => draft.set("enabled", event.currentTarget.checked)}
      />
      <GrantEditor
        grants={draft.value.grants}
        change={(changed) => draft.set("grants", changed)}
        error={fault("grants")}
      />
    </Form>
  );
}

type ActionsProps = { user: Tagged<UserOut>; show: (password: string) => void };

function Actions({ user, show }: ActionsProps) {
  const words = useWords();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [asking, ask] = useState<"password" | "remove" | null>(null);
  const { id, login } = user.value;
  const params = { path: { user_id: id } };
  const close = () => ask(null);
  return (
    <>
      <Button variant="default" leftSection={<IconKey size={16} aria-hidden />} onClick={() => ask("password")}>
        {words.accounts.resetPassword}
      </Button>
      <Button variant="default" c="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => ask("remove")}>
        {words.everyday.remove}
      </Button>
      <Confirm
        opened={asking === "password"}
        close={close}
        title={words.accounts.resetTitle(login)}
        act={words.accounts.resetPassword}
        run={async () => {
          const given = await told(api.POST("/api/v1/users/{user_id}/password", { params, headers: once(), body: {} }));
          if (given.password) show(given.password);
        }}
      >
        {words.accounts.resetHelp}
      </Confirm>
      <Confirm
        opened={asking === "remove"}
        close={close}
        title={words.accounts.removeTitle(login)}
        act={words.everyday.remove}
        run={async () => {
          await told(api.DELETE("/api/v1/users/{user_id}", { params, headers: ifStill(user) }));
          await navigate({ to: "/users" });
          tell(words.accounts.userRemoved(login));
          void client.invalidateQueries({ queryKey: ["users"] });
        }}
      >
        {words.accounts.removeHelp}
      </Confirm>
    </>
  );
}
