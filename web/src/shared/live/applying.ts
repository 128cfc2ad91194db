/** Brings answers that are kept up to date with events: many events in one go, each thing changed once. */
import type { InfiniteData } from "@tanstack/react-query";
import type { PageOf } from "../api/lists.ts";
import type { FeedEvent } from "../api/schema.gen.ts";
import { isTransaction, stationAfter, transactionAfter } from "./fold.ts";

type Thing = { id: number };
type Fold = (known: Thing, event: FeedEvent) => Thing;

/** Events by the thing they are about. */
export type About = { name: string; fold: Fold; events: Map<number, FeedEvent[]> };

/** Which events are about which things, in the order they came. */
export function sorted(events: readonly FeedEvent[]): About[] {
  const stations: About = { name: "stations", fold: stationAfter as unknown as Fold, events: new Map() };
  const transactions: About = { name: "transactions", fold: transactionAfter as unknown as Fold, events: new Map() };
  for (const event of events) {
    if (event.stationId !== null) note(stations.events, event.stationId, event);
    if (isTransaction(event)) {
      note(transactions.events, Number((event.data as { transactionId?: number }).transactionId), event);
    }
  }
  return [stations, transactions].filter((about) => about.events.size > 0);
}

function note(known: Map<number, FeedEvent[]>, id: number, event: FeedEvent): void {
  const before = known.get(id);
  if (before === undefined) known.set(id, [event]);
  else before.push(event);
}

/** A kept answer after events; the same object when none of them is about anything in it. */
export function after<Data>(data: Data, about: About): Data {
  if (data === undefined || data === null) return data;
  if (isPaged(data)) {
    let changed = false;
    const pages = data.pages.map((page) => {
      const items = folded(page.items, about);
      if (items === page.items) return page;
      changed = true;
      return { ...page, items };
    });
    return changed ? { ...data, pages } : data;
  }
  if (isPage(data)) {
    const items = folded(data.items, about);
    return items === data.items ? data : { ...data, items };
  }
  if (typeof data === "object" && "id" in data && typeof data.id === "number") {
    return one(data as unknown as Thing, about) as unknown as Data;
  }
  return data;
}

function folded(items: Thing[], about: About): Thing[] {
  let changed = false;
  const made = items.map((item) => {
    const known = one(item, about);
    if (known !== item) changed = true;
    return known;
  });
  return changed ? made : items;
}

function one(item: Thing, about: About): Thing {
  return about.events.get(item.id)?.reduce(about.fold, item) ?? item;
}

const isPage = (data: unknown): data is PageOf<Thing> =>
  typeof data === "object" && data !== null && "items" in data && Array.isArray(data.items);

const isPaged = (data: unknown): data is InfiniteData<PageOf<Thing>> =>
  typeof data === "object" && data !== null && "pages" in data && Array.isArray(data.pages);
