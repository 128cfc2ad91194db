import { expect, it } from "vitest";
import { isStale } from "./stale.ts";

it.each([
  [["stations", "list", {}], "StationConnected", 1, true],
  [["stations", "list", {}], "ConnectorChanged", 1, false],
  [["stations", "list", { state: "Faulted" }], "ConnectorChanged", 1, true],
  [["variables", "list", { stationId: 1 }], "ConfigurationChanged", 1, true],
  [["variables", "list", { stationId: 2 }], "ConfigurationChanged", 1, false],
  [["commands", "list", {}], "CommandChanged", 4, true],
  [["transactions", "one", 3], "LimitSet", 1, true],
  [["transactions", "list", {}], "TransactionUpdated", 1, false],
  [["refused-handshakes", "list", { reason: "unknown_station" }], "HandshakeRefused", null, true],
  [["users"], "TransactionStarted", 1, false],
  [["users"], "SomethingNew", null, false],
] as const)("%j after %s of station %s: %s", (key, kind, stationId, stale) => {
  expect(isStale(key, kind, stationId)).toBe(stale);
});
