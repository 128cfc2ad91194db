/** A secret that was just made: it is here now and never again. */
import { Alert, Button, Group, Stack, Text } from "@mantine/core";
import { IconEyeOff } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useWords } from "@/shared/i18n/index.tsx";
import { Copyable } from "@/shared/ui/secret.tsx";

type Props = { title: string; label: string; secret: string; children?: ReactNode; backTo?: string };

export function ShownOnce({ title, label, secret, children, backTo }: Props) {
  const words = useWords();
  return (
    <Alert color="teal" icon={<IconEyeOff aria-hidden />} title={title} maw={760}>
      <Stack gap="sm">
        <Copyable value={secret} label={label} />
        <Text size="sm">{words.accounts.shownOnce}</Text>
        {children}
        {backTo && (
          <Group>
            <Button component={Link} to={backTo} variant="default">
              {words.accounts.kept}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}
