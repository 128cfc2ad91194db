/** Asks again what events have made stale: together, and at most so often. */
import type { QueryClient } from "@tanstack/react-query";
import type { FeedEvent } from "../api/schema.gen.ts";
import { isStale, type Key } from "./stale.ts";

export const LISTS_AGAIN_MS = 750;
/** Counts over everything cost the server more than a page of a list, and change with nearly every event. */
export const COUNTS_AGAIN_MS = 3000;

type Noted = { kind: string; stationId: number | null };

export class Staleness {
  #events: Noted[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #client: QueryClient;
  readonly #everyMs: number;
  readonly #concerns: (key: Key) => boolean;

  constructor(client: QueryClient, everyMs: number, concerns: (key: Key) => boolean) {
    this.#client = client;
    this.#everyMs = everyMs;
    this.#concerns = concerns;
  }

  note(event: FeedEvent): void {
    this.#events.push({ kind: event.kind, stationId: event.stationId });
    this.#schedule();
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#ask(), this.#everyMs);
  }

  #ask(): void {
    this.#timer = undefined;
    const events = this.#events;
    this.#events = [];
    const waiting = new Set<Noted>();
    for (const query of this.#client.getQueryCache().getAll()) {
      const key = query.queryKey;
      if (!this.#concerns(key)) continue;
      const touching = events.filter((one) => isStale(key, one.kind, one.stationId));
      if (touching.length === 0) continue;
      if (query.state.fetchStatus === "fetching") {
        // An answer is on its way that may be from before: it is asked again when that has come, not instead of it.
        for (const one of touching) waiting.add(one);
      } else {
        void this.#client.invalidateQueries({ queryKey: key, exact: true });
      }
    }
    if (waiting.size === 0) return;
    this.#events = [...waiting, ...this.#events];
    this.#schedule();
  }
}
