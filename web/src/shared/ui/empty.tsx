/** A place with nothing in it yet, which says how something gets there. */
import { Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

type Props = { icon?: ReactNode; title: string; children?: ReactNode; action?: ReactNode };

export function Empty({ icon, title, children, action }: Props) {
  return (
    <Stack align="center" gap="xs" py="xl" px="md" ta="center">
      {icon}
      <Title order={2} size="h4">
        {title}
      </Title>
      {children && (
        <Text component="div" c="dimmed" maw={520}>
          {children}
        </Text>
      )}
      {action}
    </Stack>
  );
}
