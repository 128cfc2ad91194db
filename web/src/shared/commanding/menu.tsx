/** What can be asked of a station, as a menu, with the dialog of what was chosen. */
import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { useState } from "react";
import type { StationDetail } from "../api/schema.gen.ts";
import { useWords } from "../i18n/index.tsx";
import { CommandDialog } from "./dialog.tsx";
import { type Kind, titleOf, useOffered } from "./kinds.ts";

export function CommandMenu({ station }: { station: StationDetail }) {
  const words = useWords();
  const offered = useOffered(station.capabilities);
  const [kind, choose] = useState<Kind | null>(null);
  if (offered.length === 0) return null;
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <Button rightSection={<IconChevronDown size={16} aria-hidden />}>{words.commands.ask}</Button>
        </Menu.Target>
        <Menu.Dropdown mah="70vh" style={{ overflowY: "auto" }}>
          {offered.map((one) => (
            <Menu.Item key={one.kind} onClick={() => choose(one)}>
              {titleOf(one, words)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {kind && <CommandDialog kind={kind} station={station} close={() => choose(null)} />}
    </>
  );
}
