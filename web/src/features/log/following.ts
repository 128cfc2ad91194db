/** The message log as it is written: what has come since the list was asked for, newest first. */
import { useEffect, useRef, useState } from "react";
import type { MessageOut } from "@/shared/api/schema.gen.ts";

/** More than that at once nobody reads; the list has the rest. */
export const MOST_KEPT = 1000;

export type Following = {
  /** What came while it was shown, the newest first. */
  messages: readonly MessageOut[];
  /** What came while it was held back. */
  held: number;
  missed: number;
  live: boolean;
};

export const NOTHING: Following = { messages: [], held: 0, missed: 0, live: false };

/** What tells a message from every other. */
export const keyOf = (message: MessageOut): string =>
  `${message.receivedAt} ${message.stationId} ${message.caller} ${message.messageId}`;

/** The list with what came since on top, each message once. */
export function joined(came: readonly MessageOut[], listed: readonly MessageOut[]): MessageOut[] {
  const known = new Set(listed.map(keyOf));
  return [...came.filter((one) => !known.has(keyOf(one))), ...listed];
}

/** A row of the table: a message, or below an open one what stood on the wire. */
export type LogLine = { key: string; message: MessageOut; open: boolean; whole: boolean };

export function linesOf(messages: readonly MessageOut[], open: ReadonlySet<string>): LogLine[] {
  return messages.flatMap((message) => {
    const key = keyOf(message);
    const isOpen = open.has(key);
    const line = { key, message, open: isOpen, whole: false };
    return isOpen ? [line, { ...line, key: `${key} whole`, whole: true }] : [line];
  });
}

type Parameters = Record<string, string | number | boolean | undefined>;

/** As they stand in an address. */
export const parametersOf = (asked: Parameters): string =>
  new URLSearchParams(
    Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  ).toString();

const SOONEST_MS = 1000;
const LATEST_MS = 30_000;

/**
 * Follow the messages that `asked` means, while it is not null. While `paused`, what comes is counted and shown later. `again`
 * is called when the stream begins, also after an interruption: what came until then is in the list only.
 */
export function useFollowing(asked: Parameters | null, paused: boolean, again: () => void): Following {
  const [following, setFollowing] = useState<Following>(NOTHING);
  const waiting = useRef<MessageOut[]>([]);
  const held = useRef(paused);
  const anew = useRef(again);
  anew.current = again;
  const query = asked === null ? null : parametersOf(asked);
  useEffect(() => {
    held.current = paused;
    if (!paused) show();
  }, [paused]);

  const show = () =>
    setFollowing((before) => {
      const came = waiting.current;
      if (came.length === 0) return before;
      waiting.current = [];
      return { ...before, messages: [...came.reverse(), ...before.messages].slice(0, MOST_KEPT), held: 0 };
    });

  useEffect(() => {
    waiting.current = [];
    setFollowing(NOTHING);
    if (query === null) return;
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let frame = 0;
    let pause = SOONEST_MS;
    const connect = () => {
      source = new EventSource(`/api/v1/messages/stream?${query}`);
      source.addEventListener("open", (message) => {
        if (!(message instanceof MessageEvent)) return;
        pause = SOONEST_MS;
        setFollowing((known) => ({ ...known, live: true }));
        anew.current();
      });
      source.addEventListener("message", (message: MessageEvent<string>) => {
        waiting.current.push(JSON.parse(message.data) as MessageOut);
        if (waiting.current.length > MOST_KEPT) waiting.current.shift();
        // Many may come at once: they are drawn together.
        if (frame === 0) {
          frame = requestAnimationFrame(() => {
            frame = 0;
            if (held.current) setFollowing((known) => ({ ...known, held: waiting.current.length }));
            else show();
          });
        }
      });
      source.addEventListener("missed", (message: MessageEvent<string>) => {
        const { count } = JSON.parse(message.data) as { count: number };
        setFollowing((known) => ({ ...known, missed: known.missed + count }));
      });
      source.addEventListener("error", () => {
        setFollowing((known) => ({ ...known, live: false }));
        if (source?.readyState !== EventSource.CLOSED) return;
        timer = setTimeout(connect, pause);
        pause = Math.min(2 * pause, LATEST_MS);
      });
    };
    connect();
    return () => {
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      source?.close();
    };
  }, [query]);
  return following;
}
