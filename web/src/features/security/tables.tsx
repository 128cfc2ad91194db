/** Security events and refused handshakes as tables. */
import { Anchor, Badge, Code, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Listed } from "@/shared/api/lists.ts";
import type { RefusedHandshakeOut, SecurityEventOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { type Meaning, meaningOfEvent, meaningOfRefusal } from "./meaning.ts";

function Explained({ meaning, detail }: { meaning: Meaning; detail: string }) {
  return (
    <Stack gap={2} miw={180}>
      <Text size="sm">{meaning.what}</Text>
      {detail && (
        <Code style={{ overflowWrap: "anywhere", whiteSpace: "normal", alignSelf: "flex-start" }}>{detail}</Code>
      )}
      {meaning.todo && (
        <Text size="xs" c="dimmed">
          {meaning.todo}
        </Text>
      )}
    </Stack>
  );
}

function Weight({ critical }: { critical: boolean | null }) {
  const words = useWords();
  const [color, name] =
    critical === null
      ? (["gray", words.security.notKnown] as const)
      : critical
        ? (["red", words.security.critical] as const)
        : (["yellow", words.security.notCritical] as const);
  return (
    <Badge variant="light" color={color}>
      {name}
    </Badge>
  );
}

type EventsProps = { list: Listed<SecurityEventOut>; empty: ReactNode; ofOne?: boolean };

export function Events({ list, empty, ofOne = false }: EventsProps) {
  const words = useWords();
  const columns: Column<SecurityEventOut>[] = [
    { name: words.security.when, cell: (one) => <Ago at={one.receivedAt} /> },
    ...(ofOne
      ? []
      : [
          {
            name: words.security.station,
            cell: (one: SecurityEventOut) => (
              <Anchor component={Link} to={`/stations/${one.stationId}/security`} size="sm">
                {one.station}
              </Anchor>
            ),
          },
        ]),
    { name: words.security.weight, cell: (one) => <Weight critical={one.critical} /> },
    {
      name: words.security.what,
      cell: (one) => <Explained meaning={meaningOfEvent(one.type, words)} detail={one.techInfo} />,
    },
    { name: words.security.noticedBy, wide: true, cell: (one) => words.security.sources[one.source] },
  ];
  return (
    <Listing label={words.security.events} list={list} columns={columns} keyOf={(one) => one.id} empty={empty} />
  );
}

type RefusedProps = { list: Listed<RefusedHandshakeOut>; empty: ReactNode; ofOne?: boolean };

export function Refusals({ list, empty, ofOne = false }: RefusedProps) {
  const words = useWords();
  const columns: Column<RefusedHandshakeOut>[] = [
    { name: words.security.when, cell: (one) => <Ago at={one.at} /> },
    ...(ofOne
      ? []
      : [
          {
            name: words.security.calledItself,
            cell: (one: RefusedHandshakeOut) =>
              one.stationName ? (
                <Anchor component={Link} to="/stations" search={{ search: one.stationName } as never} size="sm">
                  {one.stationName}
                </Anchor>
              ) : (
                words.security.nameless
              ),
          },
        ]),
    {
      name: words.security.why,
      cell: (one) => <Explained meaning={meaningOfRefusal(one.reason, words)} detail={one.detail} />,
    },
    { name: words.security.peer, cell: (one) => one.peer },
    {
      name: words.security.offered,
      wide: true,
      cell: (one) => (
        <Stack gap={2}>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {one.path}
          </Text>
          <Text size="xs" c="dimmed">
            {one.subprotocols.join(", ")}
          </Text>
        </Stack>
      ),
    },
  ];
  return (
    <Listing label={words.security.refused} list={list} columns={columns} keyOf={(one) => one.id} empty={empty} />
  );
}
