import { describe, expect, it } from "vitest";
import type { FeedEvent, StationOut, TransactionOut } from "../api/schema.gen.ts";
import { stationAfter, transactionAfter } from "./fold.ts";

const AT = "2026-11-28T10:00:00Z";

function event(kind: string, data: Record<string, unknown>, stationId = 1): FeedEvent {
  return { cursor: "1-1", id: 1, at: AT, kind, organisationId: 1, stationId, data };
}

const station = {
  id: 1,
  connected: false,
  version: "",
  registration: "Pending",
  connectors: [],
} as unknown as StationOut;

describe("a station", () => {
  it("is connected, and what is known of its connectors is so again", () => {
    const apart = stationAfter(
      stationAfter(station, event("ConnectorChanged", { evseId: 1, connectorId: 1, status: "Available" })),
      event("StationDisconnected", { code: 1006 }),
    );
    expect(apart.connectors[0]?.unknownSince).toBe(AT);
    const back = stationAfter(apart, event("StationConnected", { version: "2.1", peer: "::1" }));
    expect(back).toMatchObject({ connected: true, version: "2.1", connectionChangedAt: AT });
    expect(back.connectors[0]?.unknownSince).toBeNull();
  });

  it("has its connectors in order, each once", () => {
    const places = [
      [2, 1],
      [1, 2],
      [1, 1],
      [1, 2],
      [0, null],
    ] as const;
    const known = places.reduce(
      (before, [evseId, connectorId]) =>
        stationAfter(before, event("ConnectorChanged", { evseId, connectorId, status: "Occupied", pluggedIn: true })),
      station,
    );
    expect(known.connectors.map((one) => [one.evseId, one.connectorId])).toEqual([[0, null], [1, 1], [1, 2], [2, 1]]);
    expect(known.connectors.every((one) => one.pluggedIn === true && one.kind === null)).toBe(true);
  });

  it("keeps what the event does not say", () => {
    const wired = { ...station, connectors: [{ evseId: 1, connectorId: 1, kind: "cCCS2" }] } as unknown as StationOut;
    const after = stationAfter(wired, event("ConnectorChanged", { evseId: 1, connectorId: 1, status: "Faulted" }));
    expect(after.connectors[0]).toMatchObject({ kind: "cCCS2", status: "Faulted", pluggedIn: null });
  });

  it("is not touched by what happens to others, or by kinds that are not about it", () => {
    expect(stationAfter(station, event("StationConnected", { version: "1.6" }, 2))).toBe(station);
    expect(stationAfter(station, event("TokenAdded", {}))).toBe(station);
  });
});

describe("a transaction", () => {
  const begun = { id: 7, stationId: 1, station: "CP1", chargingState: "EVConnected", energyImportedWh: 0, cost: null };

  it("has numbers for amounts that events write as decimals", () => {
    const known = begun as unknown as TransactionOut;
    const data = { transactionId: 7, stationId: 9, chargingState: "Charging", energyImportedWh: "1500.5", cost: "0.75" };
    const after = transactionAfter(known, event("TransactionUpdated", data));
    expect(after).toEqual({ ...begun, chargingState: "Charging", energyImportedWh: 1500.5, cost: "0.75" });
  });

  it("is not touched by another one", () => {
    const known = begun as unknown as TransactionOut;
    expect(transactionAfter(known, event("TransactionEnded", { transactionId: 8 }))).toBe(known);
    expect(transactionAfter(known, event("LimitSet", { transactionId: 7 }))).toBe(known);
  });
});
