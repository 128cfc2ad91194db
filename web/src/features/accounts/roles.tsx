/** What each role may, as the server has it. */
import { Paper, Stack, Table, Text } from "@mantine/core";
import { IconCheck, IconMinus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/shared/api/client.ts";
import type { RoleOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";
import { Asked } from "@/shared/ui/asked.tsx";
import { Page } from "@/shared/ui/page.tsx";
import { LinkTabs } from "@/shared/ui/tabs.tsx";
import { useUserTabs } from "./users.tsx";

export function RolesPage() {
  const words = useWords();
  const tabs = useUserTabs();
  const roles = useQuery({ queryKey: ["roles"], queryFn: () => told(api.GET("/api/v1/roles")) });
  return (
    <Asked of={roles} title={words.nav.users} under={[]}>
      {(known) => (
        <Page title={words.nav.users}>
          <LinkTabs label={words.nav.users} here="/users/roles" tabs={tabs}>
            <RolesTable roles={known.items.filter((one) => one.permissions.length > 0)} />
          </LinkTabs>
        </Page>
      )}
    </Asked>
  );
}

function RolesTable({ roles }: { roles: readonly RoleOut[] }) {
  const words = useWords();
  const named = words.accounts.permissions as Record<string, string | undefined>;
  const permissions = new Map(roles.flatMap((role) => role.permissions).map((one) => [one.name, one]));
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {words.accounts.rolesHelp}
      </Text>
      <Paper withBorder>
        <Table.ScrollContainer minWidth={560} type="native" tabIndex={0}>
          <Table aria-label={words.accounts.rolesTable}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.accounts.permission}</Table.Th>
                {roles.map((role) => (
                  <Table.Th key={role.role}>{words.accounts.roles[role.role]}</Table.Th>
                ))}
                <Table.Th>{words.accounts.reach}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {[...permissions.values()].map((permission) => (
                <Table.Tr key={permission.name}>
                  <Table.Th scope="row" fw={400}>
                    {named[permission.name] ?? permission.name}
                  </Table.Th>
                  {roles.map((role) => (
                    <Table.Td key={role.role}>
                      <Mark yes={role.permissions.some((one) => one.name === permission.name)} />
                    </Table.Td>
                  ))}
                  <Table.Td>
                    {permission.platformOnly
                      ? words.accounts.onPlatform
                      : permission.onSites
                        ? words.accounts.onSites
                        : words.accounts.onOrganisations}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Paper>
    </Stack>
  );
}

function Mark({ yes }: { yes: boolean }) {
  const words = useWords();
  return yes ? (
    <IconCheck size={18} role="img" aria-label={words.everyday.yes} color="var(--mantine-color-teal-text)" />
  ) : (
    <IconMinus size={18} role="img" aria-label={words.everyday.no} color="var(--mantine-color-dimmed)" />
  );
}
