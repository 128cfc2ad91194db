/** One number that people look at first. */
import { Card, Grid, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import classes from "./overview.module.css";

type Props = { name: string; value: string; note?: string; to?: string };

export function Figure({ name, value, note, to }: Props) {
  const inside = (
    <>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text fz={28} fw={700} lh={1.2}>
        {value}
      </Text>
      <Text size="xs" c="dimmed" mih={18}>
        {note}
      </Text>
    </>
  );
  return (
    <Grid.Col span={{ base: 6, md: 3 }}>
      {to ? (
        <Card withBorder component={Link} to={to} className={classes.figure} h="100%">
          {inside}
        </Card>
      ) : (
        <Card withBorder h="100%">
          {inside}
        </Card>
      )}
    </Grid.Col>
  );
}
