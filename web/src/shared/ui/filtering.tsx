/** What narrows a list, above it. What is chosen is in the address: see `filters.ts`. */
import { Button, Group, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconFilterOff, IconSearch } from "@tabler/icons-react";
import { type ReactNode, useEffect, useState } from "react";
import { useWords } from "../i18n/index.tsx";
import type { Filters } from "./filters.ts";
import { instantOf, localOf } from "./moments.ts";

/** The inputs in a row, and a way back to everything when something is chosen. */
export function FilterBar({ filters, change, children }: Bar) {
  const words = useWords();
  const used = Object.keys(filters).filter((name) => name !== "sort");
  return (
    <Group gap="sm" align="flex-end" role="search">
      {children}
      {used.length > 0 && (
        <Button
          variant="subtle"
          leftSection={<IconFilterOff size={16} aria-hidden />}
          onClick={() => change(Object.fromEntries(used.map((name) => [name, undefined])))}
        >
          {words.everyday.clearFilters}
        </Button>
      )}
    </Group>
  );
}

type Bar = { filters: Filters; change: (changed: Filters) => void; children: ReactNode };

const PAUSE_MS = 250;

type TextProps = { label: string; hint?: string; value: string | undefined; change: (value: string) => void };

/** Text to search for; asked for when somebody pauses typing. */
export function SearchField({ label, hint, value = "", change }: TextProps) {
  const [typed, setTyped] = useState(value);
  const tell = useDebouncedCallback(change, PAUSE_MS);
  // Somebody went back, or cleared the filters.
  useEffect(() => setTyped(value), [value]);
  return (
    <TextInput
      label={label}
      placeholder={hint}
      size="sm"
      style={{ flex: "1 1 180px", maxWidth: 220 }}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        tell(event.currentTarget.value.trim());
      }}
    />
  );
}

type ChoiceProps = {
  label: string;
  value: string | undefined;
  choices: readonly { value: string; label: string }[];
  change: (value: string | undefined) => void;
};

/** One of a few; nothing chosen means any. */
export function FilterSelect({ label, value, choices, change }: ChoiceProps) {
  const words = useWords();
  return (
    <Select
      label={label}
      placeholder={words.everyday.any}
      size="sm"
      style={{ flex: "1 1 150px", maxWidth: 170 }}
      data={[...choices]}
      value={value ?? null}
      searchable={choices.length > 8}
      clearable
      clearButtonProps={{ "aria-label": `${words.everyday.clear}: ${label}` }}
      onChange={(chosen) => change(chosen ?? undefined)}
    />
  );
}

type TruthProps = {
  label: string;
  value: boolean | undefined;
  yes?: string;
  no?: string;
  change: (value: boolean | undefined) => void;
};

/** Yes, no, or any. */
export function FilterTruth({ label, value, yes, no, change }: TruthProps) {
  const words = useWords();
  const choices = [
    { value: "yes", label: yes ?? words.everyday.yes },
    { value: "no", label: no ?? words.everyday.no },
  ];
  return (
    <FilterSelect
      label={label}
      choices={choices}
      value={value === undefined ? undefined : value ? "yes" : "no"}
      change={(chosen) => change(chosen === undefined ? undefined : chosen === "yes")}
    />
  );
}

type MomentProps = { label: string; value: string | undefined; change: (at: string | undefined) => void };

/** An instant, in the time of the place. */
export function FilterMoment({ label, value, change }: MomentProps) {
  return (
    <TextInput
      type="datetime-local"
      label={label}
      size="sm"
      style={{ flex: "1 1 180px", maxWidth: 200 }}
      value={localOf(value)}
      onChange={(event) => change(instantOf(event.currentTarget.value) ?? undefined)}
    />
  );
}
