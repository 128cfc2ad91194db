/** The event stream: comes again by itself from where it was, and says whether it is there. */
import type { EvseReadings, FeedEvent } from "../api/schema.gen.ts";

export type Connection = "connecting" | "live" | "lost";

export type Listener = {
  event(event: FeedEvent): void;
  readings(readings: EvseReadings): void;
  /** What is known may be out of date: ask for everything again. */
  resync(): void;
  connection(connection: Connection): void;
};

const SOONEST_MS = 1000;
const LATEST_MS = 30_000;

/** Listens until the returned function is called. */
export function listen(listener: Listener, path = "/api/v1/events/stream"): () => void {
  let source: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let cursor = "";
  let pause = SOONEST_MS;
  let ended = false;

  const connect = () => {
    // A browser repeats the last id only while it tries by itself; after a refusal it is up to us.
    source = new EventSource(cursor ? `${path}?cursor=${encodeURIComponent(cursor)}` : path);
    const first = cursor === "";
    source.addEventListener("open", (message) => {
      // Both the browser's own event and the server's have this name; only the server's has a place.
      if (!(message instanceof MessageEvent)) return;
      remember(message);
      pause = SOONEST_MS;
      listener.connection("live");
      // What happened between the first answers and the beginning of the stream is in neither.
      if (first) listener.resync();
    });
    source.addEventListener("message", (message: MessageEvent<string>) => {
      remember(message);
      listener.event(JSON.parse(message.data) as FeedEvent);
    });
    source.addEventListener("readings", (message: MessageEvent<string>) => {
      listener.readings(JSON.parse(message.data) as EvseReadings);
    });
    source.addEventListener("resync", (message: MessageEvent<string>) => {
      remember(message);
      listener.resync();
    });
    source.addEventListener("error", () => {
      listener.connection("lost");
      if (source?.readyState !== EventSource.CLOSED || ended) return;
      timer = setTimeout(connect, pause);
      pause = Math.min(2 * pause, LATEST_MS);
    });
  };
  const remember = (message: MessageEvent) => {
    if (message.lastEventId) cursor = message.lastEventId;
  };

  listener.connection("connecting");
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
}
