/** The events of a session that say more than what its meter shows. Pure. */
import type { TransactionEventOut } from "@/shared/api/schema.gen.ts";

const READINGS = new Set(["MeterValuePeriodic", "MeterValueClock"]);

type Event = Pick<TransactionEventOut, "at" | "what" | "trigger" | "chargingState" | "offline" | "limits">;

/** In order. Mere readings are left out: the charts show them better. */
export function newsOf<T extends Event>(events: readonly T[]): T[] {
  return events.filter((one, place) => isChange(one, events[place - 1]) || !isReading(one) || one.offline);
}

/** What an event is called in a word: what it was, the state it led to, or why it was told. */
export function nameOf(
  event: Event,
  before: Event | undefined,
  kinds: Record<string, string>,
  states: Record<string, string>,
): string {
  if (event.what !== "Updated") return kinds[event.what] ?? event.what;
  if (event.chargingState !== "" && event.chargingState !== before?.chargingState) {
    return states[event.chargingState] ?? event.chargingState;
  }
  return event.trigger || (kinds[event.what] ?? event.what);
}

function isReading(one: Event): boolean {
  return one.what === "Updated" && READINGS.has(one.trigger) && one.limits === null;
}

function isChange(one: Event, before: Event | undefined): boolean {
  return one.chargingState !== before?.chargingState;
}
