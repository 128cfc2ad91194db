/** Names and values, one under the other. */
import { Box, Text } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./facts.module.css";

export type Fact = readonly [name: string, value: ReactNode];

/** What has no value (null, undefined, false, empty) is left out. */
export function Facts({ of }: { of: readonly Fact[] }) {
  return (
    <Box component="dl" className={classes.list}>
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
