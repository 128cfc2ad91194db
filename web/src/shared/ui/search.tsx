/** A field that searches while one types, but not at every letter. */
import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useState } from "react";
import { useWords } from "../i18n/index.tsx";

type Props = { value: string; change: (value: string) => void; label?: string; width?: number };

export function SearchField({ value, change, label, width = 240 }: Props) {
  const words = useWords();
  const [typed, setTyped] = useState(value);
  const [shown, setShown] = useState(value);
  const soon = useDebouncedCallback(change, 250);
  if (value !== shown) {
    // The address has changed by other means, such as going back.
    setShown(value);
    setTyped(value);
  }
  return (
    <TextInput
      type="search"
      aria-label={label ?? words.everyday.search}
      placeholder={label ?? words.everyday.search}
      leftSection={<IconSearch size={16} aria-hidden />}
      w={width}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        soon(event.currentTarget.value);
      }}
    />
  );
}
