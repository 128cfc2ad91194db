/** Many tokens from a file, and what became of every line that was not taken. */
import { Alert, Anchor, Button, Code, FileInput, Group, List, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { IconAlertTriangle, IconCircleCheck, IconFileTypeCsv } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import type { ImportOut, RefusedLineOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { OwnerSelect, useOwner } from "@/shared/ui/owner.tsx";
import { Refusal, wordsForFault } from "@/shared/ui/refusal.tsx";
import { TokensFrame } from "./frame.tsx";

type Done = ImportOut & { lines: string[] };

export function ImportPage() {
  const words = useWords();
  const client = useQueryClient();
  const likely = useOwner();
  const [chosen, choose] = useState<number | null>(null);
  const [file, setFile] = useState<File | null>(null);
  const owner = chosen ?? likely;
  const importing = useMutation({
    async mutationFn(from: File): Promise<Done> {
      const csv = await from.text();
      const done = await told(
        api.POST("/api/v1/tokens/import", { headers: once(), body: { csv, organisationId: owner } }),
      );
      return { ...done, lines: csv.split(/\r\n|\n|\r/) };
    },
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
  return (
    <TokensFrame here="/tokens/import">
      <Stack maw={860}>
        <Text>{words.tokens.importHelp}</Text>
        <List size="sm">
          {words.tokens.importRules.map((rule) => (
            <List.Item key={rule}>{rule}</List.Item>
          ))}
        </List>
        <Text size="sm">
          {words.tokens.importExample} <Anchor href="/api/v1/tokens/export" download>{words.tokens.export}</Anchor>
        </Text>
        <Code block aria-label={words.tokens.importExample}>
          {"value,kind,groupId,validUntil\n04A2B3C4D5,ISO14443,fleet,2027-12-31T23:59:59Z"}
        </Code>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (file !== null) importing.mutate(file);
          }}
        >
          <Group align="flex-end">
            <OwnerSelect value={owner} change={choose} />
            <FileInput
              label={words.tokens.file}
              placeholder={words.tokens.chooseFile}
              accept=".csv,text/csv"
              required
              w={320}
              leftSection={<IconFileTypeCsv size={18} aria-hidden />}
              value={file}
              onChange={(picked) => {
                setFile(picked);
                importing.reset();
              }}
            />
            <Button type="submit" disabled={file === null} loading={importing.isPending}>
              {words.tokens.import}
            </Button>
          </Group>
        </form>
        {importing.error && <Refusal error={importing.error} />}
        {importing.data && <Result done={importing.data} />}
      </Stack>
    </TokensFrame>
  );
}

function Result({ done }: { done: Done }) {
  const words = useWords();
  const format = useFormat();
  const count = (value: number) => format.number(value);
  const clean = done.refused.length === 0;
  const why = (line: RefusedLineOut) =>
    line.errors.map((one) => `${one.path ? `${one.path}: ` : ""}${wordsForFault(one, words)}`).join(" ") ||
    (words.refusals.codes[line.code] ?? line.message);
  return (
    <Stack>
      <Alert
        color={clean ? "teal" : "orange"}
        icon={clean ? <IconCircleCheck aria-hidden /> : <IconAlertTriangle aria-hidden />}
        title={words.tokens.imported(count(done.added), count(done.changed), count(done.unchanged))}
      >
        {clean ? (
          <Anchor component={Link} to="/tokens">
            {words.tokens.toList}
          </Anchor>
        ) : (
          words.tokens.someRefused(count(done.refused.length))
        )}
      </Alert>
      {!clean && (
        <Paper withBorder>
          <Title order={2} size="h5" p="sm">
            {words.tokens.refusedLines}
          </Title>
          <Table.ScrollContainer minWidth={320} type="native" tabIndex={0}>
            <Table aria-label={words.tokens.refusedLines}>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{words.tokens.line}</Table.Th>
                  <Table.Th>{words.tokens.content}</Table.Th>
                  <Table.Th>{words.tokens.why}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {done.refused.map((one) => (
                  <Table.Tr key={one.line}>
                    <Table.Td>{format.number(one.line)}</Table.Td>
                    <Table.Td>
                      <Code style={{ overflowWrap: "anywhere" }}>{done.lines[one.line - 1] ?? ""}</Code>
                    </Table.Td>
                    <Table.Td>{why(one)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
    </Stack>
  );
}
