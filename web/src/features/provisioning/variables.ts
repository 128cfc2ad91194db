/** What is known of variables: how they are called, found, put together and compared. Pure. */
import type { VariableOut } from "@/shared/api/schema.gen.ts";

/** What names a variable; both what is reported and what is wanted have it. */
export type Named = Pick<
  VariableOut,
  "component" | "componentInstance" | "evseId" | "connectorId" | "variable" | "variableInstance" | "attribute"
>;

/** The same for the same variable, however it is spelt: names have no capitals in OCPP. */
export function keyOf(one: Named): string {
  return [
    one.component, one.componentInstance, one.evseId ?? "", one.connectorId ?? "", one.variable, one.variableInstance,
    one.attribute,
  ]
    .join("\u0000")
    .toLowerCase();
}

const instance = (name: string, of: string): string => (of === "" ? name : `${name} [${of}]`);

/** A variable's own name. */
export const nameOf = (one: Named): string => instance(one.variable, one.variableInstance);

/** With the component it belongs to. */
export function wholeNameOf(one: Named): string {
  const where = one.evseId === null ? "" : ` ${one.evseId}${one.connectorId === null ? "" : `.${one.connectorId}`}`;
  return `${instance(one.component, one.componentInstance)}${where} · ${nameOf(one)}`;
}

export type Group<T extends Named> = {
  key: string;
  component: string;
  evseId: number | null;
  connectorId: number | null;
  variables: T[];
};

/** By the component they belong to, those of the station itself before those of its outlets. */
export function grouped<T extends Named>(variables: readonly T[]): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const one of variables) {
    const component = instance(one.component, one.componentInstance);
    const key = [component.toLowerCase(), one.evseId ?? "", one.connectorId ?? ""].join("\u0000");
    const group = groups.get(key) ?? {
      key,
      component,
      evseId: one.evseId,
      connectorId: one.connectorId,
      variables: [],
    };
    group.variables.push(one);
    groups.set(key, group);
  }
  return [...groups.values()].sort(
    (a, b) =>
      (a.evseId ?? -1) - (b.evseId ?? -1) ||
      (a.connectorId ?? -1) - (b.connectorId ?? -1) ||
      a.component.localeCompare(b.component),
  );
}

/** Whether each of the words is somewhere in its names or its value. */
export function fits(one: VariableOut, search: string): boolean {
  const text = `${wholeNameOf(one)} ${one.value ?? ""}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

const SECRET = "***";
export const isSecret = (one: Pick<VariableOut, "value">): boolean => one.value === SECRET;
export const isWritable = (one: VariableOut): boolean => one.mutability !== "ReadOnly" && !isSecret(one);

/** How a value is chosen or written. */
export type Kind = "boolean" | "number" | "option" | "members" | "text";

export function kindOf(one: Pick<VariableOut, "dataType" | "valuesList">): Kind {
  switch (one.dataType) {
    case "boolean":
      return "boolean";
    case "integer":
    case "decimal":
      return "number";
    case "OptionList":
      return one.valuesList === "" ? "text" : "option";
    case "MemberList":
    case "SequenceList":
      return one.valuesList === "" ? "text" : "members";
    default:
      return "text";
  }
}

export const membersOf = (list: string): string[] =>
  list
    .split(",")
    .map((member) => member.trim())
    .filter((member) => member !== "");

export type Pair = { key: string; name: Named; a: VariableOut | undefined; b: VariableOut | undefined; differs: boolean };

/** Two stations' variables side by side. Secrets cannot be compared, and are left out. */
export function compared(a: readonly VariableOut[], b: readonly VariableOut[]): Pair[] {
  const open = (one: VariableOut) => !isSecret(one);
  const of = (all: readonly VariableOut[]) => new Map(all.filter(open).map((one) => [keyOf(one), one]));
  const [ofA, ofB] = [of(a), of(b)];
  return [...new Set([...ofA.keys(), ...ofB.keys()])].sort().flatMap((key) => {
    const pair = { a: ofA.get(key), b: ofB.get(key) };
    const name = pair.a ?? pair.b;
    return name === undefined ? [] : [{ key, name, ...pair, differs: !same(pair.a, pair.b) }];
  });
}

function same(a: VariableOut | undefined, b: VariableOut | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  if (a.value === b.value) return true;
  if (a.value === null || b.value === null) return false;
  const kind = [kindOf(a), kindOf(b)];
  if (kind.includes("boolean")) return a.value.toLowerCase() === b.value.toLowerCase();
  if (kind.includes("number")) return Number(a.value) === Number(b.value);
  // Only a sequence has an order.
  if (a.dataType === "MemberList") return membersOf(a.value).sort().join() === membersOf(b.value).sort().join();
  return false;
}

/** What the API takes to want a value, or (null) nothing any more. */
export const wish = (one: Named, value: string | null) => ({
  component: one.component,
  componentInstance: one.componentInstance,
  evseId: one.evseId,
  connectorId: one.connectorId,
  variable: one.variable,
  variableInstance: one.variableInstance,
  attribute: one.attribute,
  value,
});
