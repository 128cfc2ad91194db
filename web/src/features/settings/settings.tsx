/** What is one's own: language, theme, password, and where one is signed in. */
import {
  Badge, Button, Paper, SegmentedControl, Stack, Text, Title, useMantineColorScheme,
} from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useId, useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import { useListed } from "@/shared/api/lists.ts";
import type { OwnSessionOut } from "@/shared/api/schema.gen.ts";
import { useMe } from "@/shared/api/session.ts";
import { LANGUAGES, type Language, useLanguage, useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { useDraft } from "@/shared/ui/draft.ts";
import { Empty } from "@/shared/ui/empty.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { PasswordField } from "@/shared/ui/password.tsx";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";
import { agentName } from "./agent.ts";
import { SettingsFrame } from "./frame.tsx";

export function SettingsPage() {
  const words = useWords();
  const me = useMe();
  return (
    <SettingsFrame here="/settings">
      <Stack gap="lg">
        <Looks />
        <Section title={words.settings.account}>
          <Facts
            of={[
              [words.accounts.login, me.name],
              [words.accounts.grants, me.grants.map((one) => words.accounts.roles[one.role]).join(", ")],
            ]}
          />
        </Section>
        {me.userId !== null && <Password />}
        {me.userId !== null && <Sessions />}
      </Stack>
    </SettingsFrame>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Paper withBorder p="md">
      <Stack>
        <Title order={2} size="h4">
          {title}
        </Title>
        {children}
      </Stack>
    </Paper>
  );
}

function Looks() {
  const words = useWords();
  const { language, speak } = useLanguage();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const schemes = ["auto", "light", "dark"] as const;
  const [tongue, theme] = [useId(), useId()];
  return (
    <Section title={words.settings.looks}>
      <div>
        <Text size="sm" fw={600} id={tongue} mb={4}>
          {words.accounts.language}
        </Text>
        <SegmentedControl
          aria-labelledby={tongue}
          data={LANGUAGES.map((one) => ({ ...one }))}
          value={language}
          onChange={(chosen) => speak(chosen as Language)}
        />
      </div>
      <div>
        <Text size="sm" fw={600} id={theme} mb={4}>
          {words.accounts.theme}
        </Text>
        <SegmentedControl
          aria-labelledby={theme}
          data={schemes.map((one) => ({ value: one, label: words.accounts[one] }))}
          value={colorScheme}
          onChange={(chosen) => setColorScheme(chosen as (typeof schemes)[number])}
        />
      </div>
      <Text size="sm" c="dimmed">
        {words.settings.looksHelp}
      </Text>
    </Section>
  );
}

const BLANK = { current: "", password: "", again: "" };

function Password() {
  const words = useWords();
  const client = useQueryClient();
  const [done, count] = useState(0);
  return (
    <Section title={words.settings.password}>
      <PasswordForm
        key={done}
        done={() => {
          tell(words.settings.passwordChanged);
          void client.invalidateQueries({ queryKey: ["sessions-of-mine"] });
          count(done + 1);
        }}
      />
    </Section>
  );
}

function PasswordForm({ done }: { done: () => void }) {
  const words = useWords();
  const draft = useDraft(BLANK);
  const { current, password, again } = draft.value;
  const differs = again !== "" && again !== password;
  const changing = useMutation({
    mutationFn: () => told(api.POST("/api/v1/me/password", { headers: once(), body: { current, password } })),
    onSuccess: done,
  });
  const fault = useFaults(changing.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (again === password) changing.mutate();
      }}
    >
      <Stack maw={420}>
        {changing.error && <Refusal error={changing.error} />}
        <PasswordField
          label={words.settings.current}
          autoComplete="current-password"
          required
          {...draft.typed("current")}
          error={fault("current")}
        />
        <PasswordField
          label={words.settings.wanted}
          description={words.settings.wantedHelp}
          autoComplete="new-password"
          required
          minLength={12}
          {...draft.typed("password")}
          error={fault("password")}
        />
        <PasswordField
          label={words.settings.again}
          autoComplete="new-password"
          required
          {...draft.typed("again")}
          error={differs && words.settings.differs}
        />
        <Button type="submit" loading={changing.isPending} disabled={differs} w="fit-content">
          {words.settings.changePassword}
        </Button>
      </Stack>
    </form>
  );
}

function Sessions() {
  const words = useWords();
  const client = useQueryClient();
  const [asking, ask] = useState(false);
  const list = useListed(["sessions-of-mine"], (_, signal) => told(api.GET("/api/v1/me/sessions", { signal })));
  const columns: Column<OwnSessionOut>[] = [
    {
      name: words.settings.browser,
      cell: (one) => (
        <>
          <span title={one.agent}>{agentName(one.agent) || words.everyday.unknown}</span>{" "}
          {one.current && (
            <Badge variant="light" color="teal">
              {words.settings.here}
            </Badge>
          )}
        </>
      ),
    },
    { name: words.settings.peer, cell: (one) => one.peer },
    { name: words.settings.seen, cell: (one) => <Ago at={one.seenAt} /> },
    { name: words.settings.begun, wide: true, cell: (one) => <Ago at={one.createdAt} /> },
  ];
  return (
    <Section title={words.settings.sessions}>
      <Text size="sm" c="dimmed">
        {words.settings.sessionsHelp}
      </Text>
      <Listing
        label={words.settings.sessions}
        list={list}
        columns={columns}
        keyOf={(one) => `${one.createdAt} ${one.peer}`}
        empty={<Empty title={words.everyday.none} />}
      />
      {list.items.some((one) => !one.current) && (
        <Button variant="default" w="fit-content" onClick={() => ask(true)}>
          {words.settings.endOthers}
        </Button>
      )}
      <Confirm
        opened={asking}
        close={() => ask(false)}
        title={words.settings.endOthers}
        act={words.settings.endOthers}
        run={async () => {
          await told(api.DELETE("/api/v1/me/sessions"));
          await client.invalidateQueries({ queryKey: ["sessions-of-mine"] });
          tell(words.settings.ended);
        }}
      >
        {words.settings.endOthersHelp}
      </Confirm>
    </Section>
  );
}
