/** Names and values, one under the other. */
import { Box, Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./facts.module.css";

export type Fact = readonly [name: string, value: ReactNode];

type Props = {
  of: readonly Fact[];
  /** One to a line, for values that are long. */
  long?: boolean;
};

/** What has no value (null, undefined, false, empty) is left out. */
export function Facts({ of, long = false }: Props) {
  return (
    <Box component="dl" className={classes.list} data-long={long || undefined}>
      {of
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "")
        .map(([name, value]) => (
          <div key={name} className={classes.fact}>
            <Text component="dt" size="sm" c="dimmed">
              {name}
            </Text>
            <Text component="dd" size="sm" m={0}>
              {value}
            </Text>
          </div>
        ))}
    </Box>
  );
}
