/** A value to copy; a secret is shown once and says so. */
import { ActionIcon, Code, CopyButton, Group, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useWords } from "../i18n/index.tsx";

export function Copyable({ value, label }: { value: string; label: string }) {
  const words = useWords();
  return (
    <Group gap="xs" wrap="nowrap">
      <Code fz="sm" style={{ overflowWrap: "anywhere" }} aria-label={label}>
        {value}
      </Code>
      <CopyButton value={value}>
        {({ copied, copy }) => (
          <Tooltip label={copied ? words.everyday.copied : words.everyday.copy}>
            <ActionIcon variant="subtle" onClick={copy} aria-label={`${words.everyday.copy}: ${label}`}>
              {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        )}
      </CopyButton>
    </Group>
  );
}
