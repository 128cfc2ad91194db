import { describe, expect, it } from "vitest";
import type { MessageOut } from "@/shared/api/schema.gen.ts";
import { joined, keyOf, linesOf } from "./following.ts";

const message = (messageId: string, caller = "station", receivedAt = "2026-11-28T10:00:00Z"): MessageOut =>
  ({ messageId, caller, receivedAt, stationId: 1 }) as unknown as MessageOut;

describe("what came since", () => {
  it("is on top of the list, and what is in both is there once", () => {
    const came = [message("4"), message("3"), message("2")];
    const listed = [message("2"), message("1")];
    expect(joined(came, listed).map((one) => one.messageId)).toEqual(["4", "3", "2", "1"]);
  });

  it("is another message when somebody else called, or at another time, under the same id", () => {
    const all = [message("1"), message("1", "csms"), message("1", "station", "2026-11-28T10:00:01Z")];
    expect(new Set(all.map(keyOf)).size).toBe(3);
    expect(joined([all[1] as MessageOut], [all[0] as MessageOut])).toHaveLength(2);
  });
});

it("shows what stood on the wire below each message that is open, and nowhere else", () => {
  const all = [message("2"), message("1")];
  const lines = linesOf(all, new Set([keyOf(all[1] as MessageOut)]));
  expect(lines.map((line) => [line.message.messageId, line.whole])).toEqual([["2", false], ["1", false], ["1", true]]);
  expect(new Set(lines.map((line) => line.key)).size).toBe(3);
});
