/** A list in pages as a table: columns, what is sorted, what is chosen, and what to say when there is nothing. */
import { Button, Center, Checkbox, Paper, Skeleton, Table, UnstyledButton } from "@mantine/core";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { memo, type ReactNode, useEffect, useRef, useState } from "react";
import type { Listed } from "../api/lists.ts";
import { useWords } from "../i18n/index.tsx";
import classes from "./listing.module.css";
import { Spacer, useDrawn } from "./drawn.tsx";
import { Refusal } from "./refusal.tsx";

export type Column<T> = {
  name: string;
  cell: (item: T) => ReactNode;
  /** The API's name of the order, where the list can be had in it. */
  sort?: string;
  /** Left out where there is little room. */
  wide?: boolean;
  align?: "left" | "right";
};

export type Choice<T, K> = {
  chosen: ReadonlySet<K>;
  choose: (chosen: ReadonlySet<K>) => void;
  label: (item: T) => string;
};

type Props<T, K extends string | number> = {
  /** What the table is, for who cannot see it. */
  label: string;
  list: Listed<T>;
  /** Keep the array the same (useMemo) where many rows are drawn. */
  columns: readonly Column<T>[];
  keyOf: (item: T) => K;
  empty: ReactNode;
  sort?: string | undefined;
  onSort?: (sort: string) => void;
  choice?: Choice<T, K> | undefined;
  onRow?: (item: T) => void;
};

export function Listing<T, K extends string | number>(props: Props<T, K>) {
  const { label, list, columns, keyOf, empty, sort, onSort, choice, onRow } = props;
  const words = useWords();
  // Rows that stay the same are not drawn again, whatever has become of these functions.
  const latest = useRef({ choice, onRow });
  useEffect(() => {
    latest.current = { choice, onRow };
  });
  const [toggle] = useState(() => (key: unknown) => {
    const now = latest.current.choice;
    now?.choose(toggled(now.chosen, key as K));
  });
  const [go] = useState(() => (item: unknown) => latest.current.onRow?.(item as T));
  const body = useRef<HTMLTableSectionElement>(null);
  const drawn = useDrawn(list.items.length, body);
  const width = columns.length + (choice ? 1 : 0);
  if (list.refused) return <Refusal error={list.refused} again={list.again} />;
  if (list.loading) return <Waiting label={label} />;
  if (list.items.length === 0) return <Paper withBorder>{empty}</Paper>;
  const keys = list.items.map(keyOf);
  const all = choice !== undefined && keys.every((key) => choice.chosen.has(key));
  const some = choice !== undefined && !all && keys.some((key) => choice.chosen.has(key));
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={320} type="native" tabIndex={0}>
        <Table highlightOnHover verticalSpacing="xs" aria-label={label} aria-busy={list.outdated} aria-rowcount={list.items.length + 1}>
          <Table.Thead>
            <Table.Tr>
              {choice && (
                <Table.Th w={40}>
                  <Checkbox
                    aria-label={words.everyday.chooseAll}
                    checked={all}
                    indeterminate={some}
                    onChange={() => choice.choose(all ? new Set() : new Set([...choice.chosen, ...keys]))}
                  />
                </Table.Th>
              )}
              {columns.map((column) => (
                <Heading key={column.name} column={column} sort={sort} onSort={onSort} />
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody ref={body}>
            <Spacer height={drawn.before} columns={width} />
            {drawn.rows.map(({ index, measure }) => {
              const item = list.items[index] as T;
              const key = keyOf(item);
              return (
                <Row
                  key={key}
                  item={item}
                  columns={columns}
                  chosen={choice && { is: choice.chosen.has(key), label: choice.label(item), toggle }}
                  onRow={onRow && go}
                  id={key}
                  index={index}
                  measure={measure}
                />
              );
            })}
            <Spacer height={drawn.after} columns={width} />
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {list.more && (
        <Center p="sm">
          <Button variant="default" onClick={list.more} loading={list.loadingMore}>
            {words.everyday.more}
          </Button>
        </Center>
      )}
    </Paper>
  );
}

type RowProps = {
  item: unknown;
  id: unknown;
  columns: readonly Column<never>[];
  chosen: { is: boolean; label: string; toggle: (key: unknown) => void } | undefined;
  onRow: ((item: unknown) => void) | undefined;
  index: number;
  measure: ((row: HTMLTableRowElement | null) => void) | undefined;
};

const Row = memo(
  function Row({ item, id, columns, chosen, onRow, index, measure }: RowProps) {
    return (
      <Table.Tr
        ref={measure}
        data-index={index}
        aria-rowindex={index + 2}
        className={onRow && classes.row}
        onClick={onRow && ((event) => isBare(event.target) && onRow(item))}
      >
        {chosen && (
          <Table.Td>
            <Checkbox aria-label={chosen.label} checked={chosen.is} onChange={() => chosen.toggle(id)} />
          </Table.Td>
        )}
        {columns.map((column) => (
          <Table.Td key={column.name} ta={column.align} className={column.wide ? classes.wide : undefined}>
            {column.cell(item as never)}
          </Table.Td>
        ))}
      </Table.Tr>
    );
  },
  (before, after) =>
    before.item === after.item &&
    before.index === after.index &&
    before.measure === after.measure &&
    before.columns === after.columns &&
    before.chosen?.is === after.chosen?.is &&
    before.chosen?.label === after.chosen?.label &&
    (before.onRow === undefined) === (after.onRow === undefined),
);

/** Whether a click was meant for the row and not for something in it. */
function isBare(target: EventTarget): boolean {
  return target instanceof Element && target.closest("a, button, input, label") === null;
}

function toggled<K>(chosen: ReadonlySet<K>, key: K): ReadonlySet<K> {
  const after = new Set(chosen);
  if (!after.delete(key)) after.add(key);
  return after;
}

type HeadingProps<T> = { column: Column<T>; sort: string | undefined; onSort: ((sort: string) => void) | undefined };

function Heading<T>({ column, sort, onSort }: HeadingProps<T>) {
  const field = column.sort;
  const down = field !== undefined && sort === `-${field}`;
  const up = field !== undefined && sort === field;
  return (
    <Table.Th
      ta={column.align}
      className={column.wide ? classes.wide : undefined}
      aria-sort={up ? "ascending" : down ? "descending" : undefined}
    >
      {field === undefined || onSort === undefined ? (
        column.name
      ) : (
        <UnstyledButton fz="sm" fw={700} onClick={() => onSort(up ? `-${field}` : field)}>
          {column.name} {up && <IconArrowUp size={14} aria-hidden />} {down && <IconArrowDown size={14} aria-hidden />}
        </UnstyledButton>
      )}
    </Table.Th>
  );
}

function Waiting({ label }: { label: string }) {
  return (
    <Paper withBorder p="sm" aria-busy aria-label={label} role="status">
      {Array.from({ length: 8 }, (_, row) => (
        <Skeleton key={row} height={22} my={10} />
      ))}
    </Paper>
  );
}
