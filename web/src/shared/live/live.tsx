/** The live store: answers of the API kept by the query client, changed by events as they come. Only routes read it. */
import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { api, told } from "../api/client.ts";
import type { PageOf } from "../api/lists.ts";
import type { EvseReadings, FeedEvent, StationOut, TransactionOut } from "../api/schema.gen.ts";
import { isTransaction, stationAfter, transactionAfter } from "./fold.ts";
import { LiveReadings } from "./readings.ts";
import { isStale } from "./stale.ts";
import { type Connection, listen } from "./stream.ts";

type Live = { connection: Connection; readings: LiveReadings; heard: Heard };

const LiveContext = createContext<Live | null>(null);

/** Questions that became stale are asked again together, at most so often. */
const ASK_AGAIN_MS = 750;

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
    () => ({ readings: new LiveReadings((tell) => void requestAnimationFrame(tell)), heard: new Heard() }),
    [],
  );
  useEffect(() => {
    const stale = new Staleness(client);
    const anew = () => {
      void client.invalidateQueries();
      void told(api.GET("/api/v1/readings")).then(
        (all) => parts.readings.replace(all.items),
        () => undefined, // the next reading of each EVSE tells as much
      );
    };
    const stop = listen({
      event(event) {
        apply(client, event);
        if (event.kind === "TransactionEnded" && event.stationId !== null) {
          parts.readings.rest(event.stationId, Number((event.data as { evseId?: number }).evseId));
        }
        stale.note(event);
        parts.heard.tell(event);
      },
      readings: (readings) => parts.readings.take(readings),
      resync: anew,
      connection: setConnection,
    });
    return () => {
      stop();
      stale.forget();
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

function apply(client: QueryClient, event: FeedEvent): void {
  if (event.stationId !== null) {
    change<StationOut>(client, "stations", event.stationId, (known) => stationAfter(known, event));
  }
  if (isTransaction(event)) {
    const id = Number((event.data as { transactionId?: number }).transactionId);
    change<TransactionOut>(client, "transactions", id, (known) => transactionAfter(known, event));
  }
}

/** Change one thing wherever it is known: in lists `[name, "list", ...]` and by itself `[name, "one", id]`. */
function change<T extends { id: number }>(client: QueryClient, name: string, id: number, after: (known: T) => T): void {
  client.setQueriesData<InfiniteData<PageOf<T>>>({ queryKey: [name, "list"] }, (data) => {
    if (!data?.pages.some((page) => page.items.some((one) => one.id === id))) return data;
    const pages = data.pages.map((page) => ({
      ...page,
      items: page.items.map((one) => (one.id === id ? after(one) : one)),
    }));
    return { ...data, pages };
  });
  client.setQueryData<T>([name, "one", id], (known) => known && after(known));
}

class Staleness {
  #events: { kind: string; stationId: number | null }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly client: QueryClient) {}

  note(event: FeedEvent): void {
    this.#events.push({ kind: event.kind, stationId: event.stationId });
    this.#timer ??= setTimeout(() => this.#ask(), ASK_AGAIN_MS);
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #ask(): void {
    this.#timer = undefined;
    const events = this.#events;
    this.#events = [];
    void this.client.invalidateQueries(
      { predicate: ({ queryKey }) => events.some((one) => isStale(queryKey, one.kind, one.stationId)) },
      { cancelRefetch: false },
    );
  }
}
