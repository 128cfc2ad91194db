/** The time of day, as often as people look at it. */
import { useSyncExternalStore } from "react";

let now = new Date();
const watchers = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= setInterval(() => {
    now = new Date();
    for (const one of watchers) one();
  }, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Now, to the second. */
export function useNow(): Date {
  return useSyncExternalStore(watch, () => now);
}
