/** The live store: answers of the API kept by the query client, changed by events as they come. Only routes read it. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { api, told } from "../api/client.ts";
import type { EvseReadings, FeedEvent } from "../api/schema.gen.ts";
import { after, sorted } from "./applying.ts";
import { LiveReadings } from "./readings.ts";
import { Recent } from "./recent.ts";
import { COUNTS_AGAIN_MS, LISTS_AGAIN_MS, Staleness } from "./staleness.ts";
import { type Connection, listen } from "./stream.ts";

type Live = { connection: Connection; readings: LiveReadings; heard: Heard };

const LiveContext = createContext<Live | null>(null);

/** Those who want the events themselves, such as a log. */
class Heard {
  readonly #ears = new Set<(event: FeedEvent) => void>();

  tell(event: FeedEvent): void {
    for (const ear of this.#ears) ear(event);
  }

  hear(ear: (event: FeedEvent) => void): () => void {
    this.#ears.add(ear);
    return () => this.#ears.delete(ear);
  }
}

export function Living({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>("connecting");
  const parts = useMemo(
    () => ({ readings: new LiveReadings(soon), heard: new Heard() }),
    [],
  );
  useEffect(() => {
    const stale = [
      new Staleness(client, LISTS_AGAIN_MS, (key) => key[0] !== "overview"),
      new Staleness(client, COUNTS_AGAIN_MS, (key) => key[0] === "overview"),
    ];
    const taking = new Taking(client, soon);
    const caughtUp = taking.catchUp();
    const anew = () => {
      void client.invalidateQueries();
      void told(api.GET("/api/v1/readings")).then(
        (all) => parts.readings.replace(all.items),
        () => undefined, // the next reading of each EVSE tells as much
      );
    };
    const stop = listen({
      event(event) {
        taking.take(event);
        if (event.kind === "TransactionEnded" && event.stationId !== null) {
          parts.readings.rest(event.stationId, Number((event.data as { evseId?: number }).evseId));
        }
        for (const one of stale) one.note(event);
        parts.heard.tell(event);
      },
      readings: (readings) => parts.readings.take(readings),
      resync: anew,
      connection: setConnection,
    });
    return () => {
      stop();
      caughtUp();
      for (const one of stale) one.forget();
    };
  }, [client, parts]);
  const live = useMemo(() => ({ connection, ...parts }), [connection, parts]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error("nothing is live here");
  return live;
}

export const useConnection = (): Connection => useLive().connection;

/** All readings there are; the component is drawn again once a frame at most. */
export function useReadings(): LiveReadings {
  const { readings } = useLive();
  useSyncExternalStore(
    (watcher) => readings.watch(watcher),
    () => readings.version,
  );
  return readings;
}

/** The newest readings of one EVSE; drawn again only when they change. */
export function useReadingsOf(stationId: number, evseId: number): EvseReadings | undefined {
  const { readings } = useLive();
  return useSyncExternalStore(
    (watcher) => readings.watch(watcher),
    () => readings.of(stationId, evseId),
  );
}

/** Hear every event while the component is there. */
export function useEvents(ear: (event: FeedEvent) => void): void {
  const { heard } = useLive();
  useEffect(() => heard.hear(ear), [heard, ear]);
}

/** Takes events a frame at a time: a thousand stations that say something are one change of what is shown. */
class Taking {
  #waiting: FeedEvent[] = [];
  #due = false;
  readonly #recent = new Recent(() => performance.now());

  constructor(
    private readonly client: QueryClient,
    private readonly nextFrame: (work: () => void) => void,
  ) {}

  take(event: FeedEvent): void {
    this.#waiting.push(event);
    if (this.#due) return;
    this.#due = true;
    this.nextFrame(() => {
      this.#due = false;
      const events = this.#waiting;
      this.#waiting = [];
      this.#recent.add(events);
      for (const about of sorted(events)) {
        this.client.setQueriesData({ queryKey: [about.name] }, (data: unknown) => after(data, about));
      }
    });
  }

  /** An answer may have been on its way while things happened: they are told to it again. Until the returned function is called. */
  catchUp(): () => void {
    return this.client.getQueryCache().subscribe((noted) => {
      if (noted.type !== "updated" || noted.action.type !== "success" || noted.action.manual) return;
      for (const about of sorted(this.#recent.all())) {
        if (noted.query.queryKey[0] !== about.name) continue;
        const made = after(noted.query.state.data, about);
        if (made !== noted.query.state.data) this.client.setQueryData(noted.query.queryKey, made);
      }
    });
  }
}

/** A frame if there are frames; a page that nobody looks at has none. */
function soon(work: () => void): void {
  if (document.visibilityState === "visible") requestAnimationFrame(work);
  else setTimeout(work, 250);
}
