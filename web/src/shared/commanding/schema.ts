/** JSON Schema as far as commands use it: what a form has to ask for. */

export type Schema = {
  title?: string;
  description?: string;
  type?: string;
  format?: string;
  enum?: readonly string[];
  anyOf?: readonly Schema[];
  $ref?: string;
  $defs?: Record<string, Schema>;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  items?: Schema;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  examples?: readonly string[];
  "x-unit"?: string;
};

export type Value = unknown;
export type Values = Record<string, Value>;

export type Plain = { schema: Schema; nullable: boolean };

/** A schema without references, and whether it may be left empty. */
export function plain(schema: Schema, defs: Record<string, Schema>): Plain {
  if (schema.anyOf) {
    const inside = schema.anyOf.find((one) => one.type !== "null");
    const found = plain(inside ?? {}, defs);
    return { schema: { ...found.schema, ...outer(schema) }, nullable: true };
  }
  if (schema.$ref) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return plain({ ...defs[name], ...outer(schema) }, defs);
  }
  return { schema, nullable: false };
}

function outer(schema: Schema): Schema {
  const { anyOf: _anyOf, $ref: _ref, ...rest } = schema;
  return rest;
}

/** What a form begins with: the defaults there are. */
export function begun(schema: Schema): Values {
  const defs = schema.$defs ?? {};
  return Object.fromEntries(
    Object.entries(schema.properties ?? {})
      .filter(([, one]) => one.default !== undefined && one.default !== null)
      .map(([name, one]) => [name, plain(one, defs).schema.default]),
  );
}

/** What is sent: fields that were left empty are left out, so that the server's default holds. */
export function filled(values: Values): Values {
  const kept: [string, Value][] = [];
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined || value === null || value === "") continue;
    if (typeof value === "object" && !Array.isArray(value)) {
      const inside = filled(value as Values);
      if (Object.keys(inside).length > 0) kept.push([name, inside]);
    } else {
      kept.push([name, Array.isArray(value) ? value.map((one) => (isObject(one) ? filled(one) : one)) : value]);
    }
  }
  return Object.fromEntries(kept);
}

const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether everything that is required was given. */
export function isComplete(schema: Schema, values: Values, defs = schema.$defs ?? {}): boolean {
  return (schema.required ?? []).every((name) => {
    const value = values[name];
    if (value === undefined || value === null || value === "") return false;
    const field = plain(schema.properties?.[name] ?? {}, defs).schema;
    return !isObject(value) || isComplete(field, value, defs);
  });
}
