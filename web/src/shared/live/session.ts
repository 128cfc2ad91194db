/** What a running session has come to, from the newest readings of its outlet: pure. */
import type { EvseReadings, TransactionOut } from "../api/schema.gen.ts";

export type Now = { powerW: number | null; energyWh: number | null; socPercent: number | null };

/** What is known of a session now. Readings from before it began are another one's; one that is over has no power. */
export function nowOf(transaction: TransactionOut, readings: EvseReadings | undefined): Now {
  const known = transaction.energyImportedWh;
  if (transaction.endedAt !== null) return { powerW: null, energyWh: known, socPercent: null };
  if (readings === undefined || Date.parse(readings.at) < Date.parse(transaction.startedAt)) {
    return { powerW: null, energyWh: known, socPercent: null };
  }
  const begin = transaction.registerBeginWh;
  const moved = readings.energyWh === null || begin === null ? null : readings.energyWh - begin;
  // A meter that began anew says less than the server has reckoned.
  const energyWh = moved === null || moved < (known ?? 0) ? known : moved;
  return { powerW: readings.powerW, energyWh, socPercent: readings.socPercent };
}

/** For how long it has been going on, or went on, in seconds. */
export function lasted(transaction: Pick<TransactionOut, "startedAt" | "endedAt">, now: Date): number {
  const end = transaction.endedAt === null ? now.getTime() : Date.parse(transaction.endedAt);
  return Math.max(0, (end - Date.parse(transaction.startedAt)) / 1000);
}
