/** What is around every page about tokens as a whole. */
import type { ReactNode } from "react";
import { useMay } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { LinkTabs } from "@/shared/ui/tabs.tsx";

type Props = {
  here: "/tokens" | "/tokens/groups" | "/tokens/judgements" | "/tokens/import";
  actions?: ReactNode;
  children: ReactNode;
};

export function TokensFrame({ here, actions, children }: Props) {
  const words = useWords();
  const may = useMay();
  const tabs = [
    { to: "/tokens", name: words.tokens.list },
    { to: "/tokens/judgements", name: words.tokens.judgements },
    { to: "/tokens/groups", name: words.tokens.groups },
    ...(may("tokens.write") ? [{ to: "/tokens/import", name: words.tokens.import }] : []),
  ];
  return (
    <Page title={words.nav.tokens} actions={actions}>
      <LinkTabs label={words.nav.tokens} here={here} tabs={tabs}>
        {children}
      </LinkTabs>
    </Page>
  );
}
