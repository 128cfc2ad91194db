/** One token: what is on record, what stations were told about it, and what can be done with it. */
import { Alert, Anchor, Button, Code, Group, Paper, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { IconBan, IconPencil, IconTrash } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, once, told } from "@/shared/api/client.ts";
import { useListed } from "@/shared/api/lists.ts";
import type { TokenOut } from "@/shared/api/schema.gen.ts";
import { useMay } from "@/shared/api/session.ts";
import { ifStill, type Tagged } from "@/shared/api/tagged.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { useNumber } from "@/shared/station/station.ts";
import { Ago } from "@/shared/ui/ago.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Facts } from "@/shared/ui/facts.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { Page } from "@/shared/ui/page.tsx";
import { Refusal } from "@/shared/ui/refusal.tsx";
import { useToken } from "./known.ts";
import { TokenBadge } from "./state.tsx";
import { placesText } from "./fields.ts";
import { Verdicts } from "./verdicts.tsx";

const SHOWN = 10;
/** What the API shows of a value that is a secret: nothing can be looked for by it. */
const SECRET = "***";

export function TokenPage() {
  const words = useWords();
  const may = useMay();
  const id = useNumber("tokenId");
  const token = useToken(id);
  const verdicts = useListed(["judgements", "list", { tokenId: id, limit: SHOWN }], (cursor, signal) =>
    told(
      api.GET("/api/v1/token-judgements", {
        signal,
        params: { query: { tokenId: id, limit: SHOWN, ...(cursor !== undefined && { cursor }) } },
      }),
    ),
  );
  const above = [{ title: words.nav.tokens, to: "/tokens" }];
  if (token.error) {
    return (
      <Page title={words.tokens.token} under={above}>
        <Refusal error={token.error} again={() => void token.refetch()} />
      </Page>
    );
  }
  if (!token.data) return <Skeleton h={240} aria-busy />;
  const known = token.data.value;
  return (
    <Page
      title={known.visualNumber ? `${known.value} · ${known.visualNumber}` : known.value}
      under={above}
      badge={<TokenBadge token={known} />}
      actions={may("tokens.write") && <Actions token={token.data} />}
    >
      <Stack>
        {known.blocked && (
          <Alert color="red" icon={<IconBan aria-hidden />} title={words.tokens.isBlocked}>
            {known.blockReason || words.tokens.noBlockReason} · <Ago at={known.blockedAt} />
          </Alert>
        )}
        <Paper withBorder p="md">
          <Record token={known} />
        </Paper>
        {may("transactions.read") && known.value !== SECRET && (
          <Text size="sm">
            <Anchor component={Link} to="/sessions" search={{ state: "all", token: known.value } as never}>
              {words.tokens.itsSessions}
            </Anchor>
          </Text>
        )}
        <Group justify="space-between">
          <Title order={2} size="h4">
            {words.tokens.itsJudgements}
          </Title>
          <Anchor component={Link} to="/tokens/judgements" search={{ tokenId: id } as never} size="sm">
            {words.tokens.allJudgements}
          </Anchor>
        </Group>
        <Verdicts
          ofOne
          list={verdicts}
          empty={<Empty title={words.tokens.neverPresented}>{words.tokens.noJudgementsHelp}</Empty>}
        />
      </Stack>
    </Page>
  );
}

function Record({ token }: { token: TokenOut }) {
  const words = useWords();
  const format = useFormat();
  const perGroup = token.concurrentPerGroup ? words.tokens.inGroup : words.tokens.perToken;
  return (
    <Facts
      of={[
        [words.tokens.value, <Code key="value">{token.value}</Code>],
        [words.tokens.kind, token.kind || words.tokens.untyped],
        [words.tokens.medium, words.tokens.media[token.medium]],
        [words.tokens.visualNumber, token.visualNumber],
        [words.tokens.group, token.groupId && (token.masterPass ? words.tokens.masterPassOf(token.groupId) : token.groupId)],
        [words.tokens.validFrom, token.validFrom && format.instant(token.validFrom)],
        [words.tokens.validUntil, token.validUntil ? format.instant(token.validUntil) : words.tokens.forEver],
        [
          words.tokens.atOnce,
          token.maxConcurrent === null ? words.tokens.anyNumber : `${format.number(token.maxConcurrent)} ${perGroup}`,
        ],
        [
          words.tokens.places,
          token.places === null ? (
            words.tokens.everywhere
          ) : (
            <span style={{ whiteSpace: "pre-line" }}>{placesText(token.places)}</span>
          ),
        ],
        [words.tokens.evseKinds, token.evseKinds?.map((one) => one.toUpperCase()).join(", ") ?? words.tokens.allKinds],
        [words.tokens.chargingPriority, format.number(token.chargingPriority)],
        [words.tokens.cacheLife, token.cacheLifeS === null ? words.tokens.asStation : format.duration(token.cacheLifeS)],
        [words.tokens.language, [token.language, token.secondLanguage].filter(Boolean).join(", ")],
        [words.tokens.personalMessage, token.personalMessage],
        [words.tokens.createdAt, format.instant(token.createdAt)],
        [words.tokens.changed, format.instant(token.changedAt)],
      ]}
    />
  );
}

type Asking = "block" | "unblock" | "remove";

function Actions({ token }: { token: Tagged<TokenOut> }) {
  const words = useWords();
  const navigate = useNavigate();
  const client = useQueryClient();
  const [asking, ask] = useState<Asking | null>(null);
  const [reason, setReason] = useState("");
  const { id, value, blocked } = token.value;
  const params = { path: { token_id: id } };
  const close = () => ask(null);
  const done = (message: string) => {
    tell(message);
    void client.invalidateQueries({ queryKey: ["tokens"] });
  };
  return (
    <>
      <Button component={Link} to={`/tokens/${id}/edit`} variant="default" leftSection={<IconPencil size={16} aria-hidden />}>
        {words.everyday.edit}
      </Button>
      <Button
        variant="default"
        leftSection={<IconBan size={16} aria-hidden />}
        onClick={() => ask(blocked ? "unblock" : "block")}
      >
        {blocked ? words.tokens.unblock : words.tokens.block}
      </Button>
      <Button variant="default" c="red" leftSection={<IconTrash size={16} aria-hidden />} onClick={() => ask("remove")}>
        {words.everyday.remove}
      </Button>
      <Confirm
        opened={asking === "block"}
        close={close}
        title={words.tokens.blockTitle(value)}
        act={words.tokens.block}
        run={async () => {
          await told(api.POST("/api/v1/tokens/{token_id}/block", { params, headers: once(), body: { reason } }));
          done(words.tokens.nowBlocked);
        }}
      >
        <Stack>
          {words.tokens.blockHelp}
          <TextInput
            label={words.tokens.blockReason}
            maxLength={200}
            data-autofocus
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        </Stack>
      </Confirm>
      <Confirm
        opened={asking === "unblock"}
        close={close}
        danger={false}
        title={words.tokens.unblockTitle(value)}
        act={words.tokens.unblock}
        run={async () => {
          await told(api.POST("/api/v1/tokens/{token_id}/unblock", { params, headers: once(), body: {} }));
          done(words.tokens.nowUnblocked);
        }}
      />
      <Confirm
        opened={asking === "remove"}
        close={close}
        title={words.tokens.removeTitle(value)}
        act={words.everyday.remove}
        run={async () => {
          await told(api.DELETE("/api/v1/tokens/{token_id}", { params, headers: ifStill(token) }));
          await navigate({ to: "/tokens" });
          done(words.tokens.nowRemoved);
        }}
      >
        {words.tokens.removeHelp}
      </Confirm>
    </>
  );
}
