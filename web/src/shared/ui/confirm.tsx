/** Asks before something is done that cannot be undone, and shows what came of it. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useWords } from "../i18n/index.tsx";
import { Refusal } from "./refusal.tsx";

type Props = {
  opened: boolean;
  close: () => void;
  title: string;
  children?: ReactNode;
  /** What the button says. */
  act: string;
  danger?: boolean;
  /** What is done; the question closes when it has worked. */
  run: () => Promise<unknown>;
};

export function Confirm({ opened, close, title, children, act, danger = true, run }: Props) {
  const words = useWords();
  const doing = useMutation({ mutationFn: run, onSuccess: close });
  const leave = () => {
    doing.reset();
    close();
  };
  return (
    <Modal opened={opened} onClose={leave} title={title} closeButtonProps={{ "aria-label": words.everyday.close }}>
      <Stack>
        {children && <Text component="div">{children}</Text>}
        {doing.error && <Refusal error={doing.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={leave}>
            {words.everyday.cancel}
          </Button>
          <Button color={danger ? "red" : undefined} loading={doing.isPending} onClick={() => doing.mutate()}>
            {act}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
