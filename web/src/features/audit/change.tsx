/** One change: who, when, from where, and what was different afterwards. */
import { Anchor, Code, Paper, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import type { AuditOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Asked } from "@/shared/ui/asked.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Rows } from "@/shared/ui/rows.tsx";
import { NONE } from "@/shared/units/format.ts";
import { actionIn, Subject } from "./audit.tsx";
import { differences } from "./difference.ts";

export function ChangePage() {
  const words = useWords();
  const id = useNumber("auditId");
  const above = [{ title: words.nav.audit, to: "/audit" }];
  const change = useQuery({
    queryKey: ["audit", "one", id],
    queryFn: () => told(api.GET("/api/v1/audit/{audit_id}", { params: { path: { audit_id: id } } })),
  });
  return (
    <Asked of={change} title={words.nav.audit} under={above}>
      {(known) => (
        <Page title={actionIn(words.audit.actions, known.action)} under={above}>
          <Stack>
            <Paper withBorder p="md">
              <Record change={known} />
            </Paper>
            <Title order={2} size="h4">
              {words.audit.different}
            </Title>
            <Differences change={known} />
          </Stack>
        </Page>
      )}
    </Asked>
  );
}

function Record({ change }: { change: AuditOut }) {
  const words = useWords();
  const format = useFormat();
  return (
    <Facts
      of={[
        [words.audit.when, format.instant(change.at)],
        [
          words.audit.who,
          change.userId === null ? (
            change.actor
          ) : (
            <Anchor key="who" component={Link} to={`/users/${change.userId}`} size="sm">
              {change.actor}
            </Anchor>
          ),
        ],
        [words.audit.byKey, change.keyId !== null && words.audit.keyNumber(change.keyId)],
        [words.audit.subject, <Subject key="subject" subject={change.subject} />],
        [words.audit.peer, change.peer],
        [words.audit.action, <Code key="action">{change.action}</Code>],
      ]}
    />
  );
}

function Differences({ change }: { change: AuditOut }) {
  const words = useWords();
  const found = differences(change.before, change.after);
  if (found.length === 0) return <Text c="dimmed">{words.audit.nothingDifferent}</Text>;
  return (
    <Rows
      label={words.audit.different}
      heads={[words.audit.field, words.audit.before, words.audit.after]}
      rows={found.map((one) => ({
        name: one.path,
        cells: [<Value key="before" text={one.before} gone />, <Value key="after" text={one.after} />],
      }))}
    />
  );
}

function Value({ text, gone = false }: { text: string | null; gone?: boolean }) {
  if (text === null) return <>{NONE}</>;
  return (
    <Text
      component={gone ? "del" : "ins"}
      size="sm"
      td={gone ? "line-through" : "none"}
      style={{ overflowWrap: "anywhere" }}
    >
      {text}
    </Text>
  );
}
