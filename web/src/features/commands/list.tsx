import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useWords } from "@/shared/i18n/index.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { History } from "./history.tsx";

export function CommandList() {
  const words = useWords();
  const bulk = (
    <Button component={Link} to="/commands/bulk" variant="default">
      {words.commands.bulk}
    </Button>
  );
  return (
    <Page title={words.commands.title} actions={bulk}>
      <History />
    </Page>
  );
}
