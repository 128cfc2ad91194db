/** A value of a variable: shown, and chosen or written as its kind allows. */
import { MultiSelect, NumberInput, Select, Text, Textarea } from "@mantine/core";
import type { VariableOut } from "@/shared/api/schema.gen.ts";
import type { Formats } from "@/shared/units/format.ts";
import { useFormat, useWords } from "@/shared/i18n/index.tsx";
import type { Words } from "@/shared/i18n/en/index.ts";
import { isSecret, kindOf, membersOf } from "./variables.ts";

const MOST_LETTERS = 2500;

/** Numbers and units as people write them; all else as the station said it. */
export function written(variable: Pick<VariableOut, "dataType" | "valuesList" | "unit">, value: string, format: Formats): string {
  const number = kindOf(variable) === "number" && value.trim() !== "" ? Number(value) : Number.NaN;
  const text = Number.isFinite(number) ? format.number(number, 6) : value;
  return variable.unit === "" ? text : `${text}\u00a0${variable.unit}`;
}

export function Value({ variable }: { variable: VariableOut }) {
  const words = useWords();
  const format = useFormat();
  if (isSecret(variable)) {
    return (
      <Text span size="sm" c="dimmed" title={words.provisioning.secret}>
        ***
      </Text>
    );
  }
  if (variable.value === null || variable.value === "") {
    return (
      <Text span size="sm" c="dimmed">
        {words.provisioning.noValue}
      </Text>
    );
  }
  if (kindOf(variable) === "boolean") {
    const truth = variable.value.toLowerCase() === "true";
    return <>{truth ? words.everyday.yes : words.everyday.no}</>;
  }
  return <span style={{ overflowWrap: "anywhere" }}>{written(variable, variable.value, format)}</span>;
}

/** What may be chosen, in words; empty where everything may. */
function bounds(variable: VariableOut, words: Words, format: Formats): string {
  const said = words.provisioning;
  const { minLimit: least, maxLimit: most } = variable;
  const number = (value: number) => written(variable, String(value), format);
  switch (kindOf(variable)) {
    case "number":
      if (least !== null && most !== null) return said.between(number(least), number(most));
      if (least !== null) return said.noLess(number(least));
      return most === null ? variable.unit : said.noMore(number(most));
    case "members":
      return variable.maxElements === null ? "" : said.members(format.number(variable.maxElements));
    case "text":
      return most === null ? "" : said.letters(format.number(most));
    default:
      return "";
  }
}

type Props = {
  variable: VariableOut;
  label: string;
  value: string;
  change: (value: string) => void;
  error?: string | undefined;
};

export function ValueInput({ variable, label, value, change, error }: Props) {
  const words = useWords();
  const format = useFormat();
  const common = { label, error, description: bounds(variable, words, format) || undefined };
  switch (kindOf(variable)) {
    case "boolean":
      return (
        <Select
          {...common}
          data={[
            { value: "true", label: words.everyday.yes },
            { value: "false", label: words.everyday.no },
          ]}
          value={value.toLowerCase()}
          onChange={(chosen) => chosen !== null && change(chosen)}
          allowDeselect={false}
        />
      );
    case "number":
      return (
        <NumberInput
          {...common}
          value={value}
          onChange={(typed) => change(String(typed))}
          min={variable.minLimit ?? undefined}
          max={variable.maxLimit ?? undefined}
          allowDecimal={variable.dataType === "decimal"}
          decimalSeparator={format.number(1.5, 1).includes(",") ? "," : "."}
          suffix={variable.unit === "" ? undefined : ` ${variable.unit}`}
          clampBehavior="none"
        />
      );
    case "option":
      return (
        <Select
          {...common}
          data={[...new Set([...membersOf(variable.valuesList), ...(value === "" ? [] : [value])])]}
          value={value === "" ? null : value}
          onChange={(chosen) => change(chosen ?? "")}
          searchable
          allowDeselect={false}
        />
      );
    case "members":
      return (
        <MultiSelect
          {...common}
          data={[...new Set([...membersOf(variable.valuesList), ...membersOf(value)])]}
          value={membersOf(value)}
          onChange={(chosen) => change(chosen.join(","))}
          maxValues={variable.maxElements ?? undefined}
          searchable
          clearable
          clearButtonProps={{ "aria-label": `${words.everyday.clear}: ${label}` }}
        />
      );
    default:
      return (
        <Textarea
          {...common}
          value={value}
          onChange={(event) => change(event.currentTarget.value)}
          autosize
          minRows={1}
          maxRows={8}
          maxLength={Math.min(variable.maxLimit ?? MOST_LETTERS, MOST_LETTERS)}
        />
      );
  }
}
