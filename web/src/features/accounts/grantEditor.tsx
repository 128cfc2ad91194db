/** What somebody may do and where: a role and a place a line. */
import { ActionIcon, Button, Fieldset, Group, Select, Stack, Text } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import type { GrantOut } from "@/shared/api/schema.gen.ts";
import { useMe } from "@/shared/api/session.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { choicesFor, keyOf, leastGrant, placeName, type Role, ROLES, whereOf } from "./grants.ts";
import { useNamed } from "./places.ts";

type Props = { grants: readonly GrantOut[]; change: (grants: GrantOut[]) => void; error?: string | undefined };

export function GrantEditor({ grants, change, error }: Props) {
  const words = useWords();
  const me = useMe();
  const named = useNamed();
  const places = choicesFor(me.grants, named);
  const put = (index: number, grant: GrantOut) => change(grants.map((one, at) => (at === index ? grant : one)));
  const choice = (role: GrantOut["role"]) => ({ value: role, label: words.accounts.roles[role] });
  return (
    <Fieldset legend={words.accounts.grants}>
      <Stack>
        <Text size="sm" c="dimmed">
          {words.accounts.grantsHelp}
        </Text>
        {error && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {error}
          </Text>
        )}
        {grants.map((grant, index) => {
          const key = keyOf(grant);
          const known = places.some((one) => one.value === key);
          return (
            <Group key={index} align="flex-end">
              <Select
                label={words.accounts.role}
                data={(grant.role === "driver" ? [...ROLES, grant.role] : ROLES).map(choice)}
                value={grant.role}
                allowDeselect={false}
                onChange={(role) => put(index, { ...grant, role: role as Role })}
                flex="1 1 140px"
              />
              <Select
                label={words.accounts.where}
                data={known ? places : [{ value: key, label: placeName(grant, named) }, ...places]}
                value={key}
                allowDeselect={false}
                searchable
                onChange={(chosen) => {
                  const where = chosen === null ? null : whereOf(chosen, named.sites);
                  if (where !== null) put(index, { role: grant.role, ...where });
                }}
                flex="1 1 140px"
              />
              <ActionIcon
                variant="default"
                size="lg"
                aria-label={`${words.everyday.remove}: ${words.accounts.roles[grant.role]}, ${placeName(grant, named)}`}
                onClick={() => change(grants.filter((_, at) => at !== index))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          );
        })}
        <Group>
          <Button
            variant="default"
            leftSection={<IconPlus size={16} aria-hidden />}
            disabled={places.length === 0}
            onClick={() => {
              const least = leastGrant(places, named.sites);
              if (least !== null) change([...grants, least]);
            }}
          >
            {words.accounts.addGrant}
          </Button>
        </Group>
      </Stack>
    </Fieldset>
  );
}
