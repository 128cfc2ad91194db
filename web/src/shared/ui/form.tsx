/** A form: what was refused above, the fields, and the way on and back below. */
import { Button, Group, Stack } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useWords } from "../i18n/index.tsx";
import { Refusal } from "./refusal.tsx";

type Props = {
  error: unknown;
  saving: boolean;
  submit: () => void;
  /** What the button says; without it, that something is saved. */
  act?: string;
  backTo: string;
  children: ReactNode;
};

export function Form({ error, saving, submit, act, backTo, children }: Props) {
  const words = useWords();
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack maw={760}>
        {error !== null && <Refusal error={error} />}
        {children}
        <Group>
          <Button type="submit" loading={saving}>
            {act ?? words.everyday.save}
          </Button>
          <Button component={Link} to={backTo} variant="default">
            {words.everyday.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
