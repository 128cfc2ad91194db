/** What a station has to trust to connect over TLS: who has signed this server's certificates. */
import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "../api/client.ts";
import type { ServerChainOut } from "../api/schema.gen.ts";
import { useFormat, useWords } from "../i18n/index.tsx";
import { Refusal } from "../ui/refusal.tsx";
import { savePem } from "../ui/save.ts";

export function useServerChains(enabled = true) {
  return useQuery({
    queryKey: ["certificates", "server"],
    queryFn: () => told(api.GET("/api/v1/certificates/server")),
    enabled,
  });
}

export function Trust() {
  const words = useWords().certificates;
  const chains = useServerChains();
  if (chains.error) return <Refusal error={chains.error} again={() => void chains.refetch()} />;
  if (!chains.data) return <Skeleton h={60} />;
  if (chains.data.items.length === 0) return <NoTls />;
  return (
    <Stack gap="xs">
      <Text size="sm">{words.trustHelp}</Text>
      {chains.data.items.map((one) => (
        <Chain key={one.fingerprint} chain={one} />
      ))}
    </Stack>
  );
}

/** Said where a station is to come over TLS and this server has no certificate to show it. */
export function NoTls() {
  const words = useWords().certificates;
  return (
    <Alert color="orange" title={words.noTls}>
      {words.noTlsHelp}
    </Alert>
  );
}

function Chain({ chain }: { chain: ServerChainOut }) {
  const words = useWords().certificates;
  const format = useFormat();
  const { root } = chain;
  return (
    <Group justify="space-between" gap="xs">
      <Stack gap={0} style={{ flex: "1 1 260px" }}>
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {chain.subject}
        </Text>
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {words.signedBy(chain.issuer)} · {words.until(format.date(chain.validTo))}
        </Text>
        {root === null && <Text size="xs">{words.rootElsewhere}</Text>}
      </Stack>
      {root !== null && (
        <Button variant="default" size="xs" onClick={() => savePem("server-root.pem", root)}>
          {words.saveServerRoot}
        </Button>
      )}
    </Group>
  );
}
