/** Certificates as a table. */
import { Anchor, Badge, Code, type MantineColor, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Listed } from "@/shared/api/lists.ts";
import type { CertificateOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { useNow } from "@/shared/ui/now.ts";
import { type State, stateOf } from "./state.ts";

const COLORS: Record<State, MantineColor> = {
  revoked: "red",
  expired: "red",
  expiring: "orange",
  inUse: "teal",
  superseded: "gray",
  unused: "blue",
  notYet: "gray",
};

type Props = {
  label: string;
  list: Listed<CertificateOut>;
  empty: ReactNode;
  /** Where all are of one station. */
  ofOne?: boolean;
  sort?: string;
  onSort?: (sort: string) => void;
  act?: (certificate: CertificateOut, state: State) => ReactNode;
};

export function Certificates({ label, list, empty, ofOne = false, sort, onSort, act }: Props) {
  const words = useWords().certificates;
  const format = useFormat();
  const now = useNow();
  const columns: Column<CertificateOut>[] = [
    ...(ofOne ? [] : [{ name: words.whose, cell: (one: CertificateOut) => <Holder of={one} /> }]),
    {
      name: words.state,
      cell: (one) => {
        const state = stateOf(one, now);
        return (
          <Badge variant="light" color={COLORS[state]}>
            {words.states[state]}
          </Badge>
        );
      },
    },
    {
      name: words.validTo,
      sort: "validTo",
      cell: (one) => (
        <Stack gap={0}>
          <Text size="sm">{format.date(one.validTo)}</Text>
          <Text size="xs" c="dimmed">
            <Ago at={one.validTo} />
          </Text>
        </Stack>
      ),
    },
    {
      name: words.subject,
      cell: (one) => (
        <Stack gap={0} miw={160}>
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {one.subject}
          </Text>
          <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
            {words.signedBy(one.issuer)}
          </Text>
        </Stack>
      ),
    },
    {
      name: words.serial,
      wide: true,
      cell: (one) => <Code style={{ overflowWrap: "anywhere", whiteSpace: "normal" }}>{one.serial}</Code>,
    },
    { name: words.known, sort: "knownAt", wide: true, cell: (one) => <Origin of={one} /> },
    ...(act ? [{ name: words.what, cell: (one: CertificateOut) => act(one, stateOf(one, now)) }] : []),
  ];
  return (
    <Listing
      label={label}
      list={list}
      columns={columns}
      keyOf={(one) => one.id}
      empty={empty}
      sort={sort}
      {...(onSort ? { onSort } : {})}
    />
  );
}

function Holder({ of }: { of: CertificateOut }) {
  const words = useWords().certificates;
  if (of.stationId === null) return words.holders[of.holder];
  return (
    <Anchor component={Link} to={`/stations/${of.stationId}/certificates`} size="sm">
      {of.station}
    </Anchor>
  );
}

function Origin({ of }: { of: CertificateOut }) {
  const words = useWords().certificates;
  return (
    <Stack gap={0}>
      <Text size="sm">{words.origins[of.origin]}</Text>
      <Text size="xs" c="dimmed">
        <Ago at={of.knownAt} />
      </Text>
    </Stack>
  );
}
