/** What stations were told about tokens, and why. */
import { Anchor, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Listed } from "@/shared/api/lists.ts";
import type { JudgementOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { VerdictBadge } from "@/shared/ui/badges.tsx";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { whyOf } from "./why.ts";

type Props = {
  list: Listed<JudgementOut>;
  empty: ReactNode;
  /** Whose verdicts they are is said already. */
  ofOne?: boolean;
};

export function Verdicts({ list, empty, ofOne = false }: Props) {
  const words = useWords();
  const columns: Column<JudgementOut>[] = [
    { name: words.tokens.when, cell: (one) => <Ago at={one.at} /> },
    ...(ofOne ? [] : [{ name: words.tokens.token, cell: tokenCell }]),
    { name: words.tokens.verdict, cell: (one) => <VerdictBadge verdict={one.verdict} /> },
    { name: words.tokens.why, cell: (one) => <Reason judgement={one} /> },
    {
      name: words.tokens.station,
      wide: true,
      cell: (one) => (
        <Anchor component={Link} to={`/stations/${one.stationId}`} size="sm">
          {one.evseId === null ? one.station : words.tokens.evseOf(one.station, one.evseId)}
        </Anchor>
      ),
    },
    { name: words.tokens.asked, wide: true, cell: (one) => words.tokens.askedFor[one.asked as "authorize"] ?? one.asked },
  ];
  return (
    <Listing label={words.tokens.judgements} list={list} columns={columns} keyOf={(one) => one.id} empty={empty} />
  );
}

function tokenCell(one: JudgementOut): ReactNode {
  if (one.tokenId === null) {
    return (
      <Text size="sm" ff="monospace">
        {one.token}
      </Text>
    );
  }
  return (
    <Anchor component={Link} to={`/tokens/${one.tokenId}`} size="sm" ff="monospace">
      {one.token}
    </Anchor>
  );
}

function Reason({ judgement }: { judgement: JudgementOut }) {
  const words = useWords();
  const { why, todo } = whyOf(judgement, words, useFormat());
  return (
    <Stack gap={2} miw={180}>
      <Text size="sm">{why}</Text>
      {judgement.transactions.map((id) => (
        <Anchor component={Link} to={`/sessions/${id}`} size="sm" key={id}>
          {words.tokens.openSession(id)}
        </Anchor>
      ))}
      {todo && (
        <Text size="xs" c="dimmed">
          {todo}
        </Text>
      )}
    </Stack>
  );
}
