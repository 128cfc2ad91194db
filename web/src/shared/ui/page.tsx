/** The frame of every page: its name, where it belongs, what can be done on it. */
import { Anchor, Breadcrumbs, Group, Stack, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";

type Props = {
  title: string;
  /** Pages above this one. */
  under?: readonly { title: string; to: string }[];
  actions?: ReactNode;
  badge?: ReactNode;
  children: ReactNode;
};

export function Page({ title, under = [], actions, badge, children }: Props) {
  useEffect(() => {
    document.title = `${title} · Forecourt`;
  }, [title]);
  return (
    <Stack gap="md">
      {under.length > 0 && (
        <Breadcrumbs component="nav" aria-label="breadcrumb" separatorMargin="xs">
          {under.map((one) => (
            <Anchor component={Link} to={one.to} key={one.to} size="sm">
              {one.title}
            </Anchor>
          ))}
        </Breadcrumbs>
      )}
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <Title order={1} size="h2">
            {title}
          </Title>
          {badge}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
