/** What is shown of the stations, and views of it that have a name. */
import { ActionIcon, Button, Group, Menu, Modal, Select, Stack, TextInput } from "@mantine/core";
import { IconBookmark, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { useWords } from "@/shared/i18n/index.tsx";
import { asText, type Filters } from "@/shared/ui/filters.ts";
import { SearchField } from "@/shared/ui/search.tsx";
import { useViews } from "./views.ts";

const NAMES = ["search", "state", "connected", "registration", "version", "vendor"] as const;

type Props = { filters: Filters; change: (changed: Filters) => void };

export function FilterBar({ filters, change }: Props) {
  const words = useWords();
  const states = Object.entries(words.states.connector).map(([value, label]) => ({ value, label }));
  const registrations = Object.entries(words.states.registration).map(([value, label]) => ({ value, label }));
  const truth = [
    { value: "true", label: words.states.online },
    { value: "false", label: words.states.offline },
  ];
  const isFiltered = NAMES.some((name) => filters[name] !== undefined);
  return (
    <Group gap="xs">
      <SearchField
        value={asText(filters.search) ?? ""}
        change={(search) => change({ search })}
        label={words.stations.search}
      />
      <Choice label={words.stations.state} data={states} value={asText(filters.state)} change={(state) => change({ state })} />
      <Choice
        label={words.stations.connection}
        data={truth}
        value={filters.connected === undefined ? undefined : String(filters.connected)}
        change={(chosen) => change({ connected: chosen === undefined ? undefined : chosen === "true" })}
      />
      <Choice
        label={words.stations.registration}
        data={registrations}
        value={asText(filters.registration)}
        change={(registration) => change({ registration })}
      />
      <Choice
        label="OCPP"
        data={["1.6", "2.0.1", "2.1"].map((value) => ({ value, label: value }))}
        value={asText(filters.version)}
        change={(version) => change({ version })}
      />
      {isFiltered && (
        <Button variant="subtle" onClick={() => change(Object.fromEntries(NAMES.map((name) => [name, undefined])))}>
          {words.everyday.clearFilters}
        </Button>
      )}
      <Views filters={filters} change={change} />
    </Group>
  );
}

type ChoiceProps = {
  label: string;
  data: { value: string; label: string }[];
  value: string | undefined;
  change: (value: string | undefined) => void;
};

function Choice({ label, data, value, change }: ChoiceProps) {
  return (
    <Select
      aria-label={label}
      placeholder={label}
      data={data}
      value={value ?? null}
      onChange={(chosen) => change(chosen ?? undefined)}
      clearable
      w={150}
    />
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
