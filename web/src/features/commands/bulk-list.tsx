/** What was asked of many stations at once. */
import { Anchor } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { BulkOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { titleOf, useKinds } from "@/shared/commanding/kinds.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Ago } from "@/shared/ui/ago.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { Listing } from "@/shared/ui/listing.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { Progression } from "./progression.tsx";

export function BulkList() {
  const words = useWords();
  const navigate = useNavigate();
  const kinds = useKinds();
  const { scope } = useScope();
  const question = said({ organisationId: scope.organisationId });
  const list = useListed<BulkOut>(["bulk", "list", question], (cursor, signal) =>
    told(api.GET("/api/v1/bulk-commands", { params: { query: { ...question, sort: "-askedAt", ...said({ cursor }) } }, signal })),
  );
  return (
    <Page title={words.commands.bulk} under={[{ title: words.commands.title, to: "/commands" }]}>
      <Listing
        label={words.commands.bulk}
        list={list}
        keyOf={(one) => one.id}
        onRow={(one) => void navigate({ to: `/commands/bulk/${one.id}` })}
        columns={[
          {
            name: words.commands.kind,
            cell: (one) => (
              <Anchor component={Link} to={`/commands/bulk/${one.id}`}>
                {titleOf(kinds.find((kind) => kind.kind === one.kind) ?? one, words)}
              </Anchor>
            ),
          },
          { name: words.commands.progress, cell: (one) => <Progression bulk={one} /> },
          { name: words.commands.asked, cell: (one) => <Ago at={one.askedAt} /> },
          { name: words.commands.by, wide: true, cell: (one) => one.askedBy },
        ]}
        empty={<Empty title={words.commands.bulkNone}>{words.commands.bulkNoneHelp}</Empty>}
      />
    </Page>
  );
}
