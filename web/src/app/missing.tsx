import { useWords } from "@/shared/i18n/index.tsx";
import { Empty } from "@/shared/ui/empty.tsx";

export function Missing() {
  const words = useWords();
  return <Empty title={words.everyday.notFound}>{words.everyday.notFoundHelp}</Empty>;
}
