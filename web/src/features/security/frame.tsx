/** What is around the pages about security as a whole. */
import type { ReactNode } from "react";
import { useWords } from "@/shared/i18n/index.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { LinkTabs } from "@/shared/ui/tabs.tsx";

type Props = { here: "/security" | "/security/refused"; children: ReactNode };

export function SecurityFrame({ here, children }: Props) {
  const words = useWords();
  const tabs = [
    { to: "/security", name: words.security.events },
    { to: "/security/refused", name: words.security.refused },
  ];
  return (
    <Page title={words.nav.security}>
      <LinkTabs label={words.nav.security} here={here} tabs={tabs}>
        {children}
      </LinkTabs>
    </Page>
  );
}
