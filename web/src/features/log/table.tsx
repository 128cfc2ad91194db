/** Messages as lines, each of which opens to what stood on the wire. */
import { ActionIcon, Anchor, Button, Center, Paper, Table, VisuallyHidden } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { memo, useRef, useState } from "react";
import type { MessageOut } from "@/shared/api/schema.gen.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Spacer, useDrawn } from "@/shared/ui/drawn.tsx";
import { keyOf, linesOf } from "./following.ts";
import { Direction, Gist, Outcome, Whole } from "./message.tsx";
import classes from "./message.module.css";

type Props = {
  messages: readonly MessageOut[];
  anyStation: boolean;
  more: (() => void) | null;
  loadingMore: boolean;
};

export function Messages({ messages, anyStation, more, loadingMore }: Props) {
  const words = useWords();
  const said = words.log;
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [toggle] = useState(() => (key: string) => setOpen((before) => toggled(before, key)));
  const body = useRef<HTMLTableSectionElement>(null);
  const lines = linesOf(messages, open);
  const drawn = useDrawn(lines.length, body, (index) => lines[index]?.key ?? index);
  const width = anyStation ? 5 : 4;
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={320}>
        <Table highlightOnHover verticalSpacing={4} fz="sm" aria-label={said.of} aria-rowcount={lines.length + 1}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th w={34}>
                <VisuallyHidden>{said.open}</VisuallyHidden>
              </Table.Th>
              <Table.Th>{said.time}</Table.Th>
              {anyStation && <Table.Th>{said.station}</Table.Th>}
              <Table.Th>{said.action}</Table.Th>
              <Table.Th ta="right" className={classes.wide}>
                {said.took}
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody ref={body}>
            <Spacer height={drawn.before} columns={width} />
            {drawn.rows.map(({ index, measure }) => {
              const line = lines[index];
              if (line === undefined) return null;
              const Shown = line.whole ? Payloads : Line;
              return (
                <Shown
                  key={line.key}
                  message={line.message}
                  anyStation={anyStation}
                  open={line.open}
                  toggle={toggle}
                  index={index}
                  measure={measure}
                />
              );
            })}
            <Spacer height={drawn.after} columns={width} />
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {more && (
        <Center p="sm">
          <Button variant="default" onClick={more} loading={loadingMore}>
            {words.everyday.more}
          </Button>
        </Center>
      )}
    </Paper>
  );
}

type LineProps = {
  message: MessageOut;
  anyStation: boolean;
  open: boolean;
  toggle: (key: string) => void;
  index: number;
  measure: ((row: HTMLTableRowElement | null) => void) | undefined;
};

const Line = memo(function Line({ message, anyStation, open, toggle, index, measure }: LineProps) {
  const format = useFormat();
  const at = `${message.action}, ${format.time(message.receivedAt)}`;
  const change = () => toggle(keyOf(message));
  return (
    <Table.Tr
      ref={measure}
      data-index={index}
      aria-rowindex={index + 2}
      className={classes.line}
      data-open={open}
      onClick={(event) => {
        if (event.target instanceof Element && event.target.closest("a, button") === null) change();
      }}
    >
      <Table.Td>
        <ActionIcon variant="subtle" color="gray" size="sm" onClick={change} aria-expanded={open} aria-label={at}>
          {open ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
        </ActionIcon>
      </Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }} title={format.instant(message.receivedAt)}>
        {recent(message.receivedAt) ? format.time(message.receivedAt) : format.instant(message.receivedAt)}
      </Table.Td>
      {anyStation && (
        <Table.Td style={{ whiteSpace: "nowrap" }}>
          <Anchor component={Link} to={`/stations/${message.stationId}/log`} size="sm">
            {message.station || message.stationId}
          </Anchor>
        </Table.Td>
      )}
      <Table.Td>
        <Direction caller={message.caller} /> {message.action} <Outcome error={message.error} />
        <Gist message={message} />
      </Table.Td>
      <Table.Td ta="right" className={classes.wide} style={{ whiteSpace: "nowrap" }}>
        {format.number(message.durationS * 1000, message.durationS < 0.01 ? 1 : 0)}&nbsp;ms
      </Table.Td>
    </Table.Tr>
  );
});

const Payloads = memo(function Payloads({ message, anyStation, index, measure }: LineProps) {
  const words = useWords();
  const format = useFormat();
  const at = `${message.action}, ${format.time(message.receivedAt)}`;
  return (
    <Table.Tr ref={measure} data-index={index} aria-rowindex={index + 2}>
      <Table.Td colSpan={anyStation ? 5 : 4} aria-label={`${words.log.of}: ${at}`}>
        <Whole message={message} />
      </Table.Td>
    </Table.Tr>
  );
});

function toggled(before: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const after = new Set(before);
  if (!after.delete(key)) after.add(key);
  return after;
}

const DAY_MS = 86_400_000;
const recent = (at: string): boolean => Date.now() - Date.parse(at) < DAY_MS / 2;
