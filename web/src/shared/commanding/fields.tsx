/** Fields of a command, drawn from its schema; what belongs to a station is chosen from what the station has. */
import { ActionIcon, Button, Fieldset, Group, JsonInput, NumberInput, Select, Stack, Switch, TextInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useWords } from "../i18n/index.tsx";
import { plain, type Schema, type Value, type Values } from "./schema.ts";
import { TokenField } from "./token-field.tsx";

/** What a form can offer to choose from. */
export type Choices = { evseIds: readonly number[]; connectorIds: readonly number[] };

type FieldsProps = {
  schema: Schema;
  defs: Record<string, Schema>;
  values: Values;
  change: (values: Values) => void;
  choices: Choices;
  /** Words about a field at fault, by its path. */
  fault: (path: string) => string | undefined;
  path?: string;
};

export function Fields({ schema, defs, values, change, choices, fault, path = "" }: FieldsProps) {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => (
    <Field
      key={name}
      name={name}
      schema={field}
      defs={defs}
      required={schema.required?.includes(name) ?? false}
      value={values[name]}
      change={(value) => change({ ...values, [name]: value })}
      choices={choices}
      fault={fault}
      path={path ? `${path}.${name}` : name}
    />
  ));
}

type FieldProps = Omit<FieldsProps, "values" | "change" | "path"> & {
  name: string;
  required: boolean;
  value: Value;
  change: (value: Value) => void;
  path: string;
};

function Field({ name, schema: given, defs, required, value, change, choices, fault, path }: FieldProps) {
  const words = useWords();
  const { schema } = plain(given, defs);
  const label = (words.commands.fields as Record<string, string | undefined>)[name] ?? spaced(name);
  const common = { label, required, error: fault(path) };
  const offered = name === "evseId" ? choices.evseIds : name === "connectorId" ? choices.connectorIds : [];
  if (offered.length > 0) {
    return (
      <Select
        {...common}
        data={offered.map(String)}
        value={value === undefined || value === null ? null : String(value)}
        onChange={(chosen) => change(chosen === null ? null : Number(chosen))}
        placeholder={required ? undefined : name === "evseId" ? words.commands.wholeStation : words.everyday.any}
        clearable={!required}
      />
    );
  }
  if (schema.enum) {
    const named = words.commands.values as Record<string, string | undefined>;
    return (
      <Select
        {...common}
        data={schema.enum.map((one) => ({ value: one, label: named[one] ?? spaced(one) }))}
        value={(value as string | undefined) ?? null}
        onChange={change}
        clearable={!required && schema.default === undefined}
        searchable={schema.enum.length > 8}
      />
    );
  }
  if (schema.title === "Token") return <TokenField {...common} value={value as Values | undefined} change={change} />;
  switch (schema.type) {
    case "boolean":
      return <Switch label={label} checked={value === true} onChange={(event) => change(event.currentTarget.checked)} />;
    case "integer":
    case "number":
      return (
        <NumberInput
          {...common}
          value={(value as number | undefined) ?? ""}
          onChange={(number) => change(number === "" ? null : Number(number))}
          min={schema.minimum}
          max={schema.maximum}
          allowDecimal={schema.type === "number"}
          suffix={schema["x-unit"] ? ` ${schema["x-unit"]}` : undefined}
        />
      );
    case "object":
      if (schema.properties === undefined) return <Anything {...common} value={value} change={change} />;
      return (
        <Fieldset legend={label}>
          <Stack gap="xs">
            <Fields
              schema={schema}
              defs={defs}
              values={(value as Values | undefined) ?? {}}
              change={change}
              choices={choices}
              fault={fault}
              path={path}
            />
          </Stack>
        </Fieldset>
      );
    case "array":
      return (
        <Several
          label={label}
          items={(value as Value[] | undefined) ?? []}
          change={change}
          draw={(item, changeItem, at) => (
            <Field
              name={name}
              schema={schema.items ?? {}}
              defs={defs}
              required
              value={item}
              change={changeItem}
              choices={choices}
              fault={fault}
              path={`${path}.${at}`}
            />
          )}
        />
      );
    case "string":
      return (
        <TextInput
          {...common}
          type={schema.format === "date-time" ? "datetime-local" : "text"}
          value={schema.format === "date-time" ? local(value) : ((value as string | undefined) ?? "")}
          onChange={(event) => change(schema.format === "date-time" ? instant(event.currentTarget.value) : event.currentTarget.value)}
          maxLength={schema.maxLength}
        />
      );
    default:
      return <Anything {...common} value={value} change={change} />;
  }
}

type AnythingProps = {
  label: string;
  required: boolean;
  error: string | undefined;
  value: Value;
  change: (value: Value) => void;
};

/** A value of any shape, as JSON. What is no JSON yet is kept as text, and refused by the server with its reason. */
function Anything({ value, change, ...common }: AnythingProps) {
  return (
    <JsonInput
      {...common}
      autosize
      minRows={3}
      value={typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value, null, 2)}
      onChange={(text) => {
        try {
          change(JSON.parse(text));
        } catch {
          change(text);
        }
      }}
    />
  );
}

type SeveralProps = {
  label: string;
  items: readonly Value[];
  change: (items: Value[]) => void;
  draw: (item: Value, change: (item: Value) => void, at: number) => React.ReactNode;
};

function Several({ label, items, change, draw }: SeveralProps) {
  const words = useWords();
  return (
    <Fieldset legend={label}>
      <Stack gap="sm">
        {items.map((item, at) => (
          <Group key={at} align="flex-start" wrap="nowrap">
            <div style={{ flex: 1 }}>{draw(item, (one) => change(items.with(at, one)), at)}</div>
            <ActionIcon
              variant="subtle"
              color="red"
              aria-label={`${words.everyday.remove}: ${label} ${at + 1}`}
              onClick={() => change(items.toSpliced(at, 1))}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Group>
        ))}
        <Button variant="default" size="xs" leftSection={<IconPlus size={14} aria-hidden />} onClick={() => change([...items, {}])}>
          {words.everyday.add}
        </Button>
      </Stack>
    </Fieldset>
  );
}

/** `connectorKind` as people write it. */
export function spaced(name: string): string {
  const words = name.replaceAll("_", " ").replaceAll(/([a-z])([A-Z])/g, "$1 $2");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}

function instant(local: string): string | null {
  const at = new Date(local);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}

/** An instant as the browser's own field for it wants it. */
function local(value: Value): string {
  if (typeof value !== "string" || value === "") return "";
  const at = new Date(value);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
