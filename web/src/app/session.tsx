/** Lets in who can show who they are; everybody else sees the sign-in. */
import { Button, Center, Loader, Paper, Stack, Text, TextInput, Title } from "@mantine/core";
import { type QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { api, onSignedOut, proveWith, Refused, told } from "@/shared/api/client.ts";
import { MeContext } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { PasswordField } from "@/shared/ui/password.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";

const ME = ["me"];

/** What somebody has looked at here is none of the next one's business. */
function forget(client: QueryClient): void {
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== ME[0] });
}

async function whoAmI() {
  try {
    const me = await told(api.GET("/api/v1/me"));
    proveWith(me.csrfToken ?? null);
    return me;
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return null;
    throw error;
  }
}

export function SignedIn({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const me = useQuery({ queryKey: ME, queryFn: whoAmI });
  useEffect(() => onSignedOut(() => client.setQueryData(ME, null)), [client]);
  if (me.isPending) {
    return (
      <Center h="100vh">
        <Loader aria-label="Forecourt" />
      </Center>
    );
  }
  if (me.error) {
    return (
      <Center h="100vh" p="md">
        <Refusal error={me.error} again={() => void me.refetch()} />
      </Center>
    );
  }
  if (me.data === null) return <SignIn />;
  return <MeContext value={me.data}>{children}</MeContext>;
}

function SignIn() {
  const words = useWords();
  const client = useQueryClient();
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  useEffect(() => {
    document.title = `${words.accounts.signIn} · Forecourt`;
  }, [words]);
  const signing = useMutation({
    mutationFn: () => told(api.POST("/api/v1/session", { body: { login, password } })),
    async onSuccess() {
      forget(client);
      client.setQueryData(ME, await whoAmI());
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signing.mutate();
  };
  return (
    <Center component="main" mih="100vh" p="md">
      <Paper withBorder p="xl" w={400}>
        <form onSubmit={submit}>
          <Stack>
            <Title order={1} size="h3">
              {words.accounts.welcome}
            </Title>
            {signing.error && <Refusal error={signing.error} />}
            <TextInput
              label={words.accounts.login}
              autoComplete="username"
              required
              value={login}
              onChange={(event) => setLogin(event.currentTarget.value)}
            />
            <PasswordField
              label={words.accounts.password}
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
            />
            <Button type="submit" loading={signing.isPending}>
              {words.accounts.signIn}
            </Button>
            <Text size="sm" c="dimmed">
              {words.accounts.firstTime}
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}

/** Ends the session here and at the server. */
export function useSignOut(): () => void {
  const client = useQueryClient();
  const leaving = useMutation({
    mutationFn: () => told(api.DELETE("/api/v1/session")),
    onSettled() {
      client.setQueryData(ME, null);
      forget(client);
    },
  });
  return () => leaving.mutate();
}
