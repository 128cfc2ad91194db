/**
 * What an event makes of what is known: pure, so that a snapshot and the events after it come to the same as the next snapshot.
 * What an event does not say is asked for again; `stale.ts` says when.
 */
import type { ConnectorOut, FeedEvent, StationOut, TransactionOut } from "../api/schema.gen.ts";

type Data = Record<string, unknown>;

const text = (data: Data, name: string): string => (typeof data[name] === "string" ? data[name] : "");

/** Amounts are decimals in events, so that nobody loses a digit. */
const amount = (value: unknown): number | null =>
  value === null || value === undefined ? null : typeof value === "number" ? value : Number(value);

/** A station after an event of its own. */
export function stationAfter<Known extends StationOut>(known: Known, event: FeedEvent): Known {
  if (event.stationId !== known.id) return known;
  const data = event.data as Data;
  const at = String(event.at);
  switch (event.kind) {
    case "StationConnected":
      return {
        ...known,
        connected: true,
        version: text(data, "version") || known.version,
        connectionChangedAt: at,
        connectors: known.connectors.map((one) => ({ ...one, unknownSince: null })),
      };
    case "StationDisconnected":
      return {
        ...known,
        connected: false,
        connectionChangedAt: at,
        connectors: known.connectors.map((one) => ({ ...one, unknownSince: one.unknownSince ?? at })),
      };
    case "StationBooted":
      return {
        ...known,
        vendor: text(data, "vendor"),
        model: text(data, "model"),
        serialNumber: text(data, "serialNumber"),
        firmwareVersion: text(data, "firmwareVersion"),
        registration: text(data, "registration"),
        bootReason: text(data, "reason"),
        bootedAt: at,
      };
    case "RegistrationChanged":
      return { ...known, registration: text(data, "registration") || known.registration };
    case "ConnectorChanged":
      return { ...known, connectors: connectorsAfter(known.connectors, data, at) };
    default:
      return known;
  }
}

function connectorsAfter(known: readonly ConnectorOut[], data: Data, at: string): ConnectorOut[] {
  const evseId = Number(data.evseId);
  const connectorId = data.connectorId === null ? null : Number(data.connectorId);
  const before = known.find((one) => one.evseId === evseId && one.connectorId === connectorId);
  const after: ConnectorOut = {
    kind: null,
    wantedOperative: null,
    pending: false,
    ...before,
    evseId,
    connectorId,
    status: text(data, "status"),
    wireStatus: text(data, "wireStatus"),
    pluggedIn: (data.pluggedIn as boolean | null) ?? null,
    charging: (data.charging as string | null) ?? null,
    errorCode: text(data, "errorCode"),
    vendorErrorCode: text(data, "vendorErrorCode"),
    info: text(data, "info"),
    since: at,
    receivedAt: at,
    unknownSince: null,
  };
  const others = known.filter((one) => one !== before);
  return [...others, after].sort((a, b) => a.evseId - b.evseId || (a.connectorId ?? 0) - (b.connectorId ?? 0));
}

const TRANSACTION_KINDS = new Set([
  "TransactionStarted",
  "TransactionUpdated",
  "TransactionEnded",
  "TransactionCorrected",
]);

/** Whether an event is about a transaction and tells all there is to know of it. */
export const isTransaction = (event: FeedEvent): boolean => TRANSACTION_KINDS.has(event.kind);

const AMOUNTS = ["energyImportedWh", "energyExportedWh", "registerBeginWh", "registerEndWh", "chargingS", "idleS"];
// Limits are told in another shape than they are shown in, and asked for again.
const NOT_TAKEN = new Set(["limitsWanted", "transactionId", "stationId", "organisationId"]);

/** A transaction after an event of its own. */
export function transactionAfter<Known extends TransactionOut>(known: Known, event: FeedEvent): Known {
  const data = event.data as Data;
  if (!isTransaction(event) || data.transactionId !== known.id) return known;
  const after: Data = { ...known };
  for (const [name, value] of Object.entries(data)) {
    if (name in known && !NOT_TAKEN.has(name)) after[name] = AMOUNTS.includes(name) ? amount(value) : value;
  }
  return after as Known;
}
