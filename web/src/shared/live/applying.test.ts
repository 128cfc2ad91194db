import { describe, expect, it } from "vitest";
import type { FeedEvent } from "../api/schema.gen.ts";
import { after, sorted } from "./applying.ts";
import { Recent } from "./recent.ts";

const event = (stationId: number, kind: string, data: Record<string, unknown> = {}): FeedEvent => ({
  cursor: "1-1", id: 1, at: "2026-11-28T10:00:00Z", kind, organisationId: 1, stationId, data,
});
const station = (id: number) => ({ id, connected: false, version: "", connectors: [] });
const [there] = sorted([event(2, "StationConnected", { version: "2.1" }), event(3, "StationConnected"), event(3, "StationDisconnected")]);
if (there === undefined) throw new Error("nothing was sorted");

describe("events", () => {
  it("change what they are about in pages of a list, and leave everything else the same object", () => {
    const data = { pages: [{ items: [station(1)] }, { items: [station(2), station(3)] }], pageParams: [] };
    const made = after(data, there);
    expect(made.pages[1]?.items.map((one) => one.connected)).toEqual([true, false]);
    expect(made.pages[0]).toBe(data.pages[0]);
  });

  it("change a page, and a thing by itself", () => {
    expect(after({ items: [station(2)] }, there).items[0]?.connected).toBe(true);
    expect(after(station(2), there).version).toBe("2.1");
  });

  it("leave alone what they are not about", () => {
    for (const data of [{ pages: [{ items: [station(9)] }], pageParams: [] }, { items: [] }, station(9), undefined, "words"]) {
      expect(after(data, there)).toBe(data);
    }
  });

  it("are kept in order for each thing", () => {
    expect(there.events.get(3)?.map((one) => one.kind)).toEqual(["StationConnected", "StationDisconnected"]);
  });
});

describe("recent events", () => {
  it("are forgotten after a while", () => {
    let now = 0;
    const recent = new Recent(() => now);
    recent.add([event(1, "A")]);
    now = 20_000;
    recent.add([event(1, "B")]);
    now = 45_000;
    recent.add([event(1, "C")]);
    expect(recent.all().map((one) => one.kind)).toEqual(["B", "C"]);
  });

  it("are bounded", () => {
    const recent = new Recent(() => 0);
    recent.add(Array.from({ length: 6000 }, (_, at) => event(at, "A")));
    expect([recent.all().length, recent.all()[0]?.stationId]).toEqual([5000, 1000]);
  });
});
