/** Groups of tokens: what one has begun another may end, and a master pass ends any. */
import { Anchor, Badge, Button, Modal, Stack, Switch, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, told } from "@/shared/api/client.ts";
import { said, useListed } from "@/shared/api/lists.ts";
import type { GroupOut } from "@/shared/api/schema.gen.ts";
import { useScope } from "@/shared/api/scope.tsx";
import { useMay } from "@/shared/api/session.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import { Confirm } from "@/shared/ui/confirm.tsx";
import { Empty } from "@/shared/ui/empty.tsx";
import { asText, useFilters } from "@/shared/ui/filters.ts";
import { type Column, Listing } from "@/shared/ui/listing.tsx";
import { tell } from "@/shared/ui/notice.ts";
import { OwnerSelect, useOwner } from "@/shared/ui/owner.tsx";
import { Refusal, useFaults } from "@/shared/ui/refusal.tsx";
import { TokensFrame } from "./frame.tsx";

export function GroupsPage() {
  const words = useWords();
  const format = useFormat();
  const may = useMay();
  const [filters, change] = useFilters();
  const [adding, add] = useState(false);
  const [changing, choose] = useState<GroupOut | null>(null);
  const asked = { organisationId: useScope().scope.organisationId, sort: asText(filters.sort) };
  const list = useListed(["token-groups", "list", asked], (cursor, signal) =>
    told(api.GET("/api/v1/token-groups", { signal, params: { query: said({ ...asked, cursor }) } })),
  );
  const columns: Column<GroupOut>[] = [
    {
      name: words.tokens.group,
      sort: "groupId",
      cell: (group) => (
        <Anchor component={Link} to="/tokens" search={{ groupId: group.groupId } as never} size="sm">
          {group.groupId}
        </Anchor>
      ),
    },
    {
      name: words.tokens.masterPass,
      cell: (group) => (group.masterPass ? <Badge color="violet" variant="light">{words.tokens.masterPass}</Badge> : words.everyday.no),
    },
    { name: words.tokens.createdAt, wide: true, cell: (group) => format.date(group.createdAt) },
  ];
  if (may("tokens.write")) {
    columns.push({
      name: words.everyday.change,
      align: "right",
      cell: (group) => (
        <Button size="xs" variant="default" onClick={() => choose(group)}>
          {group.masterPass ? words.tokens.makeOrdinary : words.tokens.makeMaster}
        </Button>
      ),
    });
  }
  const button = may("tokens.write") && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => add(true)}>
      {words.tokens.addGroup}
    </Button>
  );
  return (
    <TokensFrame here="/tokens/groups" actions={button}>
      <Stack>
        <Text c="dimmed" size="sm">
          {words.tokens.groupsHelp}
        </Text>
        <Listing
          label={words.tokens.groups}
          list={list}
          columns={columns}
          keyOf={(group) => group.id}
          sort={asked.sort}
          onSort={(sort) => change({ sort })}
          empty={
            <Empty title={words.tokens.noGroups} action={button}>
              {words.tokens.noGroupsHelp}
            </Empty>
          }
        />
      </Stack>
      <Adding opened={adding} close={() => add(false)} />
      <Changing group={changing} close={() => choose(null)} />
    </TokensFrame>
  );
}

function useSetting() {
  const client = useQueryClient();
  return async (body: { groupId: string; masterPass: boolean; organisationId: number | null }) => {
    await told(api.PUT("/api/v1/token-groups", { body }));
    await client.invalidateQueries({ queryKey: ["token-groups"] });
    void client.invalidateQueries({ queryKey: ["tokens"] });
  };
}

function Changing({ group, close }: { group: GroupOut | null; close: () => void }) {
  const words = useWords();
  const set = useSetting();
  if (group === null) return null;
  const { groupId, organisationId, masterPass } = group;
  return (
    <Confirm
      opened
      close={close}
      danger={!masterPass}
      title={groupId}
      act={masterPass ? words.tokens.makeOrdinary : words.tokens.makeMaster}
      run={async () => {
        await set({ groupId, organisationId, masterPass: !masterPass });
        tell(words.tokens.saved);
      }}
    >
      {masterPass ? words.tokens.makeOrdinaryHelp : words.tokens.makeMasterHelp}
    </Confirm>
  );
}

function Adding({ opened, close }: { opened: boolean; close: () => void }) {
  const words = useWords();
  const set = useSetting();
  const likely = useOwner();
  const [groupId, setGroupId] = useState("");
  const [masterPass, setMasterPass] = useState(false);
  const [chosen, choose] = useState<number | null>(null);
  const owner = chosen ?? likely;
  const adding = useMutation({
    mutationFn: () => set({ groupId, masterPass, organisationId: owner }),
    onSuccess() {
      setGroupId("");
      setMasterPass(false);
      close();
    },
  });
  const fault = useFaults(adding.error);
  return (
    <Modal opened={opened} onClose={close} title={words.tokens.addGroup} closeButtonProps={{ "aria-label": words.everyday.close }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          adding.mutate();
        }}
      >
        <Stack>
          {adding.error && <Refusal error={adding.error} />}
          <OwnerSelect value={owner} change={choose} error={fault("organisationId")} />
          <TextInput
            label={words.tokens.group}
            required
            maxLength={20}
            data-autofocus
            value={groupId}
            onChange={(event) => setGroupId(event.currentTarget.value)}
            error={fault("groupId")}
          />
          <Switch
            label={words.tokens.masterPass}
            description={words.tokens.makeMasterHelp}
            checked={masterPass}
            onChange={(event) => setMasterPass(event.currentTarget.checked)}
          />
          <Button type="submit" loading={adding.isPending}>
            {words.everyday.add}
          </Button>
        </Stack>
      </form>
    </Modal>
  );
}
