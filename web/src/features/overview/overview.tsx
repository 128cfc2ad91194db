import { useWords } from "@/shared/i18n/index.tsx";
import { Page } from "@/shared/ui/page.tsx";

export function Overview() {
  const words = useWords();
  return <Page title={words.nav.overview}>soon</Page>;
}
