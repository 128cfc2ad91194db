/** Things with a name and what is known of them, as a table: few, and all there at once. */
import { Paper, Table } from "@mantine/core";
import type { ReactNode } from "react";

type Props = {
  /** What the table is, for who cannot see it. */
  label: string;
  heads: readonly string[];
  rows: readonly { name: string; cells: readonly ReactNode[] }[];
};

export function Rows({ label, heads, rows }: Props) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={320} type="native" tabIndex={0}>
        <Table aria-label={label}>
          <Table.Thead>
            <Table.Tr>
              {heads.map((head) => (
                <Table.Th key={head}>{head}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(({ name, cells }) => (
              <Table.Tr key={name}>
                <Table.Th scope="row" fw={400}>
                  {name}
                </Table.Th>
                {cells.map((cell, at) => (
                  <Table.Td key={heads[at + 1]}>{cell}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}
