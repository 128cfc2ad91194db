/** Instants as an input of a browser has them: in the time of the place, to the minute or the second. */

/** `2026-11-28T10:00`, or `...:30` where there are seconds; empty for none. */
export function localOf(at: string | null | undefined): string {
  if (!at) return "";
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${String(date.getFullYear()).padStart(4, "0")}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const seconds = date.getSeconds() ? `:${two(date.getSeconds())}` : "";
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
}

/** The instant with its zone, as the API takes it; null for none or for what is no instant. */
export function instantOf(local: string): string | null {
  const date = new Date(local);
  return local === "" || Number.isNaN(date.getTime()) ? null : date.toISOString();
}
