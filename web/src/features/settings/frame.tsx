/** What is around the pages of settings. */
import type { ReactNode } from "react";
import { useWords } from "@/shared/i18n/index.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { LinkTabs } from "@/shared/ui/tabs.tsx";

export function SettingsFrame({ here, children }: { here: "/settings" | "/settings/server"; children: ReactNode }) {
  const words = useWords();
  const tabs = [
    { to: "/settings", name: words.settings.mine },
    { to: "/settings/server", name: words.settings.server },
  ];
  return (
    <Page title={words.nav.settings}>
      <LinkTabs label={words.nav.settings} here={here} tabs={tabs}>
        {children}
      </LinkTabs>
    </Page>
  );
}
