/** The fields of a token. What cannot be kept is said at the field, by the server. */
import {
  Autocomplete, Checkbox, Fieldset, Group, NumberInput, Select, SimpleGrid, Stack, Switch, Textarea, TextInput,
} from "@mantine/core";
import type { ReactNode } from "react";
import { useWords } from "@/shared/i18n/index.tsx";
import type { Draft } from "@/shared/ui/draft.ts";
import { Form } from "@/shared/ui/form.tsx";
import { type Faults, useFaults } from "@/shared/ui/refusal.tsx";
import { KINDS, MEDIA, type Medium, type TokenFields } from "./fields.ts";

type Props = {
  draft: Draft<TokenFields>;
  /** What only a new token is asked for: whose it is, its value and kind. */
  isNew: boolean;
  owner?: ReactNode;
  groups: readonly string[];
  saving: boolean;
  error: unknown;
  submit: () => void;
  backTo: string;
};

const UNTYPED = "untyped";

export function TokenForm({ draft, isNew, owner, groups, saving, error, submit, backTo }: Props) {
  const words = useWords();
  const fault = useFaults(error);
  return (
    <Form error={error} saving={saving} submit={submit} {...(isNew && { act: words.tokens.add })} backTo={backTo}>
      {isNew && (
        <Fieldset legend={words.tokens.what}>
          <Stack>
            {owner}
            <TextInput
              label={words.tokens.value}
              description={words.tokens.valueHelp}
              required
              maxLength={255}
              autoComplete="off"
              {...draft.typed("value")}
              error={fault("value")}
            />
            <Select
              label={words.tokens.kind}
              description={words.tokens.kindHelp}
              data={[{ value: UNTYPED, label: words.tokens.untyped }, ...KINDS]}
              value={draft.value.kind || UNTYPED}
              allowDeselect={false}
              onChange={(kind) => draft.set("kind", kind === null || kind === UNTYPED ? "" : kind)}
              error={fault("kind")}
            />
          </Stack>
        </Fieldset>
      )}
      <Holder draft={draft} groups={groups} fault={fault} />
      <Rules draft={draft} fault={fault} />
    </Form>
  );
}

type Part = { draft: Draft<TokenFields>; fault: Faults };

function Holder({ draft, fault, groups }: Part & { groups: readonly string[] }) {
  const words = useWords();
  return (
    <Fieldset legend={words.tokens.holder}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label={words.tokens.medium}
            data={MEDIA.map((one) => ({ value: one, label: words.tokens.media[one] }))}
            value={draft.value.medium}
            allowDeselect={false}
            onChange={(medium) => draft.set("medium", medium as Medium)}
            error={fault("medium")}
          />
          <TextInput
            label={words.tokens.visualNumber}
            description={words.tokens.visualNumberHelp}
            maxLength={64}
            {...draft.typed("visualNumber")}
            error={fault("visualNumber")}
          />
        </SimpleGrid>
        <Autocomplete
          label={words.tokens.group}
          description={words.tokens.groupHelp}
          data={[...groups]}
          maxLength={20}
          value={draft.value.groupId}
          onChange={(group) => draft.set("groupId", group)}
          error={fault("groupId")}
        />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            label={words.tokens.language}
            placeholder="de-DE"
            maxLength={8}
            {...draft.typed("language")}
            error={fault("language")}
          />
          <TextInput
            label={words.tokens.secondLanguage}
            placeholder="en"
            maxLength={8}
            {...draft.typed("secondLanguage")}
            error={fault("secondLanguage")}
          />
        </SimpleGrid>
        <Textarea
          label={words.tokens.personalMessage}
          description={words.tokens.personalMessageHelp}
          maxLength={512}
          autosize
          {...draft.typed("personalMessage")}
          error={fault("personalMessage")}
        />
      </Stack>
    </Fieldset>
  );
}

function Rules({ draft, fault }: Part) {
  const words = useWords();
  const { value, set } = draft;
  return (
    <Fieldset legend={words.tokens.rules}>
      <Stack>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput
            type="datetime-local"
            label={words.tokens.validFrom}
            {...draft.typed("validFrom")}
            error={fault("validFrom")}
          />
          <TextInput
            type="datetime-local"
            label={words.tokens.validUntil}
            {...draft.typed("validUntil")}
            error={fault("validUntil")}
          />
        </SimpleGrid>
        <Switch
          label={words.tokens.unlimited}
          checked={value.unlimited}
          onChange={(event) => set("unlimited", event.currentTarget.checked)}
        />
        {!value.unlimited && (
          <>
            <NumberInput
              label={words.tokens.maxConcurrent}
              min={1}
              max={1000}
              allowDecimal={false}
              required
              value={value.maxConcurrent}
              onChange={(count) => set("maxConcurrent", Number(count))}
              error={fault("maxConcurrent")}
            />
            <Switch
              label={words.tokens.concurrentPerGroup}
              checked={value.concurrentPerGroup}
              onChange={(event) => set("concurrentPerGroup", event.currentTarget.checked)}
            />
          </>
        )}
        <Textarea
          label={words.tokens.places}
          description={words.tokens.placesHelp}
          placeholder={"CP1\nCP2: 1, 2"}
          autosize
          minRows={2}
          {...draft.typed("places")}
          error={fault("places")}
        />
        <Checkbox.Group
          label={words.tokens.evseKinds}
          description={words.tokens.evseKindsHelp}
          value={value.evseKinds}
          onChange={(kinds) => set("evseKinds", kinds as ("ac" | "dc")[])}
          error={fault("evseKinds")}
        >
          <Group mt="xs">
            <Checkbox value="ac" label="AC" />
            <Checkbox value="dc" label="DC" />
          </Group>
        </Checkbox.Group>
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <NumberInput
            label={words.tokens.chargingPriority}
            description={words.tokens.chargingPriorityHelp}
            min={-9}
            max={9}
            allowDecimal={false}
            value={value.chargingPriority}
            onChange={(priority) => set("chargingPriority", Number(priority))}
            error={fault("chargingPriority")}
          />
          <NumberInput
            label={words.tokens.cacheLife}
            description={words.tokens.cacheLifeHelp}
            min={0}
            allowDecimal={false}
            suffix=" s"
            value={value.cacheLifeS}
            onChange={(life) => set("cacheLifeS", life === "" ? "" : Number(life))}
            error={fault("cacheLifeS")}
          />
        </SimpleGrid>
      </Stack>
    </Fieldset>
  );
}
