/** What a change made different, field by field. */

export type Difference = { path: string; before: string | null; after: string | null };

type Fields = Record<string, unknown> | null;

/** Only what differs, in the order of the fields; null where there was nothing. */
export function differences(before: Fields, after: Fields): Difference[] {
  const old = flat(before);
  const now = flat(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .map((path) => ({ path, before: old.get(path) ?? null, after: now.get(path) ?? null }))
    .filter((one) => one.before !== one.after);
}

/** Every value by its path, `limits.energyWh`; a list is one value. What is not said is none. */
function flat(fields: Fields, prefix = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, value] of Object.entries(fields ?? {})) {
    const path = `${prefix}${name}`;
    if (isFields(value) && Object.keys(value).length > 0) {
      for (const [below, text] of flat(value, `${path}.`)) found.set(below, text);
    } else if (value !== null && value !== undefined && value !== "") {
      found.set(path, textOf(value));
    }
  }
  return found;
}

function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one !== "object")) return value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const PAGES: Record<string, string> = {
  organisations: "/organisations",
  sites: "/sites",
  stations: "/stations",
  tokens: "/tokens",
  transactions: "/sessions",
  users: "/users",
  webhooks: "/webhooks",
};

/** The page about what was changed, if it has one. */
export function pageOf(subject: string): string | null {
  const [name = "", id = ""] = subject.split("/");
  const page = PAGES[name];
  return page !== undefined && /^\d+$/.test(id) ? `${page}/${id}` : null;
}
