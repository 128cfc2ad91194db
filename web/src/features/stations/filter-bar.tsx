/** What is shown of the stations, and views of it that have a name. */
import { ActionIcon, Button, Group, Menu, Modal, Stack, TextInput } from "@mantine/core";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useWords } from "@/shared/i18n/index.tsx";
import { asText, asTruth, type Filters } from "@/shared/ui/filters.ts";
import { FilterBar, FilterSelect, FilterTruth, SearchField } from "@/shared/ui/filtering.tsx";
import { useViews } from "./views.ts";

const NAMES = ["search", "state", "connected", "registration", "version", "vendor"] as const;

type Props = { filters: Filters; change: (changed: Filters) => void };

export function StationFilters({ filters, change }: Props) {
  const words = useWords();
  const states = Object.entries(words.states.connector).map(([value, label]) => ({ value, label }));
  const registrations = Object.entries(words.states.registration).map(([value, label]) => ({ value, label }));
  return (
    <FilterBar filters={filters} change={change}>
      <SearchField
        label={words.stations.search}
        value={asText(filters.search)}
        change={(search) => change({ search })}
      />
      <FilterSelect
        label={words.stations.state}
        choices={states}
        value={asText(filters.state)}
        change={(state) => change({ state })}
      />
      <FilterTruth
        label={words.stations.connection}
        yes={words.states.online}
        no={words.states.offline}
        value={asTruth(filters.connected)}
        change={(connected) => change({ connected })}
      />
      <FilterSelect
        label={words.stations.registration}
        choices={registrations}
        value={asText(filters.registration)}
        change={(registration) => change({ registration })}
      />
      <FilterSelect
        label="OCPP"
        choices={["1.6", "2.0.1", "2.1"].map((value) => ({ value, label: value }))}
        value={asText(filters.version)}
        change={(version) => change({ version })}
      />
      <Views filters={filters} change={change} />
    </FilterBar>
  );
}

function Views({ filters, change }: Props) {
  const words = useWords();
  const { views, keep, forget } = useViews();
  const [name, setName] = useState("");
  const [naming, setNaming] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep({ name, filters });
    setNaming(false);
    setName("");
  };
  const show = (shown: Filters) =>
    change({ ...Object.fromEntries([...NAMES, "sort"].map((one) => [one, undefined])), ...shown });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="default" size="lg" aria-label={words.stations.views}>
            <IconBookmark size={18} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {views.map((view) => (
            <Group key={view.name} gap={0} wrap="nowrap">
              <Menu.Item onClick={() => show(view.filters)}>{view.name}</Menu.Item>
              <Menu.Item
                w={40}
                color="red"
                aria-label={`${words.everyday.remove}: ${view.name}`}
                onClick={() => forget(view.name)}
                leftSection={<IconTrash size={14} aria-hidden />}
              />
            </Group>
          ))}
          <Menu.Item onClick={() => setNaming(true)}>{words.stations.keepView}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={naming}
        onClose={() => setNaming(false)}
        title={words.stations.keepView}
        closeButtonProps={{ "aria-label": words.everyday.close }}
      >
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              data-autofocus
              label={words.stations.viewName}
              value={name}
              required
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Group justify="flex-end">
              <Button type="submit">{words.everyday.save}</Button>
            </Group>
          </Stack>
        </form>
      </Modal>
    </>
  );
}
