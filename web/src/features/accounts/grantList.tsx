/** Roles and where they hold, to read. */
import { Badge, Group } from "@mantine/core";
import type { GrantOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { keyOf, placeName } from "./grants.ts";
import { useNamed } from "./places.ts";

export function GrantList({ grants }: { grants: readonly GrantOut[] }) {
  const words = useWords();
  const named = useNamed();
  return (
    <Group gap={4}>
      {grants.map((grant) => (
        <Badge
          key={`${grant.role} ${keyOf(grant)}`}
          variant="light"
          color={grant.role === "administrator" ? "violet" : "gray"}
          // Names of places can be long.
          styles={{ root: { minWidth: 0, height: "auto" }, label: { whiteSpace: "normal" } }}
        >
          {words.accounts.roles[grant.role]} · {placeName(grant, named)}
        </Badge>
      ))}
    </Group>
  );
}
