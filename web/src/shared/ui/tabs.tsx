/** Pages that belong together, side by side: each has an address of its own. */
import { Tabs } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

type Props = { label: string; here: string; tabs: readonly { to: string; name: string }[]; children: ReactNode };

export function LinkTabs({ label, here, tabs, children }: Props) {
  return (
    <Tabs value={here} keepMounted={false} activateTabWithKeyboard={false}>
      <Tabs.List aria-label={label}>
        {tabs.map((one) => (
          <Tabs.Tab key={one.to} value={one.to} renderRoot={(props) => <Link to={one.to} {...props} />}>
            {one.name}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      <Tabs.Panel value={here} pt="md">
        {children}
      </Tabs.Panel>
    </Tabs>
  );
}
