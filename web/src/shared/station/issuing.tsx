/** A certificate for a station: made here with its key, and saved at once, as the key is kept nowhere. */
import { Alert, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, told } from "../api/client.ts";
import type { CertificateMade } from "../api/schema.gen.ts";
import { useFormat, useWords } from "../i18n/index.tsx";
import { Facts } from "../ui/facts.tsx";
import { PasswordField } from "../ui/password.tsx";
import { Refusal, useFaults } from "../ui/refusal.tsx";
import { save, savePem } from "../ui/save.ts";

type Props = { station: { id: number; stationId: string; certificateName: string } };

export function Issuing({ station }: Props) {
  const words = useWords().certificates;
  const authority = useQuery({
    queryKey: ["certificates", "authority"],
    queryFn: () => told(api.GET("/api/v1/certificates/ca")),
  });
  const [password, setPassword] = useState("");
  const issuing = useMutation({
    mutationFn: () =>
      told(
        api.POST("/api/v1/stations/{station_id}/certificates", {
          params: { path: { station_id: station.id } },
          body: password === "" ? {} : { password },
        }),
      ),
  });
  const fault = useFaults(issuing.error);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    issuing.mutate();
  };
  if (authority.error) return <Refusal error={authority.error} again={() => void authority.refetch()} />;
  if (!authority.data) return <Skeleton h={120} />;
  if (!authority.data.issues) return <Text size="sm">{words.elsewhere(station.certificateName || station.stationId)}</Text>;
  if (issuing.data) return <Issued name={station.stationId} made={issuing.data} />;
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm">{words.issueHelp}</Text>
        <PasswordField
          label={words.filePassword}
          description={words.filePasswordHelp}
          value={password}
          autoComplete="new-password"
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={fault("password")}
        />
        {issuing.error && <Refusal error={issuing.error} />}
        <Group>
          <Button type="submit" loading={issuing.isPending}>
            {words.issue}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Issued({ name, made }: { name: string; made: CertificateMade }) {
  const words = useWords().certificates;
  const format = useFormat();
  const { certificate, pkcs12 } = made;
  const file = name.replaceAll(/[^\w.-]/g, "_");
  return (
    <Stack gap="sm">
      <Alert color="yellow" title={words.issued}>
        {words.keyOnce}
      </Alert>
      <Group gap="xs">
        <Button variant="default" onClick={() => savePem(`${file}.pem`, made.chain)}>
          {words.saveChain}
        </Button>
        <Button variant="default" onClick={() => savePem(`${file}.key`, made.privateKey)}>
          {words.saveKey}
        </Button>
        <Button variant="default" onClick={() => savePem("stations-root.pem", made.root)}>
          {words.saveRoot}
        </Button>
        {pkcs12 !== null && (
          <Button variant="default" onClick={() => save(`${file}.p12`, bytesOf(pkcs12), "application/x-pkcs12")}>
            {words.savePacked}
          </Button>
        )}
      </Group>
      <Facts
        long
        of={[
          [words.subject, certificate.subject],
          [words.validTo, format.instant(certificate.validTo)],
          [words.serial, certificate.serial],
        ]}
      />
    </Stack>
  );
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
}
