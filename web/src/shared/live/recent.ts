/** The events of the last moments, for answers that were on their way when they happened. */
import type { FeedEvent } from "../api/schema.gen.ts";

const LONGEST_MS = 30_000;
const MOST = 5000;

export class Recent {
  #events: { at: number; event: FeedEvent }[] = [];

  constructor(private readonly now: () => number) {}

  add(events: readonly FeedEvent[]): void {
    const at = this.now();
    for (const event of events) this.#events.push({ at, event });
    const first = this.#events.findIndex((one) => one.at > at - LONGEST_MS);
    const gone = Math.max(first === -1 ? this.#events.length : first, this.#events.length - MOST);
    if (gone > 0) this.#events.splice(0, gone);
  }

  /** All of them, the oldest first. Folded over an answer that knows some of them already they come to the same. */
  all(): FeedEvent[] {
    return this.#events.map((one) => one.event);
  }
}
