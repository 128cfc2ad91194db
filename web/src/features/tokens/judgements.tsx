/** Why was this card refused? Every verdict, the newest first. */
import { Anchor, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { StationPick } from "@/shared/station/pick.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { FilterBar, FilterTruth, SearchField } from "@/shared/ui/filtering.tsx";
import { asNumber, asText, asTruth, useFilters } from "@/shared/ui/filters.ts";
import { TokensFrame } from "./frame.tsx";
import { Verdicts } from "./verdicts.tsx";

export function JudgementsPage() {
  const words = useWords();
  const [filters, change] = useFilters();
  const asked = {
    token: asText(filters.token),
    tokenId: asNumber(filters.tokenId),
    stationId: asNumber(filters.stationId),
    refused: asTruth(filters.refused),
  };
  const list = useListed(["judgements", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/token-judgements", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  return (
    <TokensFrame here="/tokens/judgements">
      <Stack>
        <Text c="dimmed" size="sm">
          {words.tokens.judgementsHelp}
        </Text>
        <FilterBar filters={filters} change={change}>
          <SearchField
            label={words.tokens.token}
            hint={words.tokens.asSent}
            value={asked.token}
            change={(token) => change({ token })}
          />
          <StationPick
            label={words.tokens.station}
            value={asked.stationId}
            change={(stationId) => change({ stationId })}
          />
          <FilterTruth
            label={words.tokens.verdict}
            yes={words.tokens.refusedOnes}
            no={words.tokens.acceptedOnes}
            value={asked.refused}
            change={(refused) => change({ refused })}
          />
        </FilterBar>
        {asked.tokenId !== undefined && (
          <Anchor component={Link} to={`/tokens/${asked.tokenId}`} size="sm">
            {words.tokens.onlyOfOne}
          </Anchor>
        )}
        <Verdicts
          list={list}
          empty={<Empty title={words.tokens.noJudgements}>{words.tokens.noJudgementsHelp}</Empty>}
        />
      </Stack>
    </TokensFrame>
  );
}
