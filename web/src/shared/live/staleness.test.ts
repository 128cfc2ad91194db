import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { FeedEvent } from "../api/schema.gen.ts";
import { Staleness } from "./staleness.ts";

const KEY = ["stations", "list", {}];
const event = { cursor: "1-1", id: 1, at: "", kind: "StationAdded", organisationId: 1, stationId: 1, data: {} } as FeedEvent;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A list that is looked at; what it is answered is up to the test. */
async function rig() {
  const client = new QueryClient();
  const answers: ((items: string) => void)[] = [];
  const ask = () => new Promise<string>((answer) => answers.push(answer));
  const observer = new QueryObserver(client, { queryKey: KEY, queryFn: ask, staleTime: Number.POSITIVE_INFINITY });
  observer.subscribe(() => undefined);
  const answer = async (items: string) => {
    answers.at(-1)?.(items);
    await vi.advanceTimersByTimeAsync(0);
  };
  await answer("first");
  return { asked: () => answers.length, answer, stale: new Staleness(client, 750, (key) => key[0] === "stations") };
}

it("asks once for however many events", async () => {
  const { asked, stale } = await rig();
  for (let count = 0; count < 100; count++) stale.note(event);
  await vi.advanceTimersByTimeAsync(749);
  expect(asked()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked()).toBe(2);
});

it("asks again when an answer was on its way while things happened", async () => {
  const { asked, answer, stale } = await rig();
  stale.note(event);
  await vi.advanceTimersByTimeAsync(750);
  stale.note(event);
  // Slower than the next round: neither broken off, nor taken for what is so now.
  await vi.advanceTimersByTimeAsync(3000);
  expect(asked()).toBe(2);
  await answer("from before");
  await vi.advanceTimersByTimeAsync(750);
  expect(asked()).toBe(3);
  await answer("now");
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked()).toBe(3);
});

it("leaves alone what it is not for, and asks nothing once it was told to forget", async () => {
  const { asked, stale } = await rig();
  stale.note({ ...event, kind: "TokenAdded" });
  await vi.advanceTimersByTimeAsync(1000);
  stale.note(event);
  stale.forget();
  await vi.advanceTimersByTimeAsync(1000);
  expect(asked()).toBe(1);
});
