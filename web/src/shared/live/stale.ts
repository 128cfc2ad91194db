/** Which questions an event makes stale: the names that their keys begin with. */

const STATION_LISTS = ["stations:list", "overview"] as const;

const OF_KIND: Record<string, readonly string[]> = {
  AvailabilityOrdered: ["stations:one"],
  BulkCommandChanged: ["bulk", "audit:list"],
  CertificateExpiring: ["certificates", "overview"],
  CertificateInUse: ["certificates", "overview"],
  CertificateIssued: ["certificates", "audit:list"],
  CertificateRevoked: ["certificates", "overview", "audit:list"],
  CommandChanged: ["commands", "bulk", "overview", "audit:list"],
  ConfigurationChanged: ["variables"],
  ConnectorChanged: ["overview", "stations:state"],
  HandshakeRefused: ["refused-handshakes"],
  KeyChanged: ["keys", "audit:list"],
  LimitReached: ["transactions:one"],
  LimitSet: ["transactions:one", "audit:list"],
  OrganisationAdded: ["organisations", "audit:list"],
  OrganisationChanged: ["organisations", "audit:list"],
  PasswordGiven: ["stations:one", "audit:list"],
  PasswordRotated: ["stations:one"],
  RegistrationChanged: [...STATION_LISTS],
  RegistrationDecided: ["registration", "stations:one", "overview", "audit:list"],
  ReportCompleted: ["reports", "variables"],
  ReportFailed: ["reports"],
  SecurityEventReported: ["security-events", "overview"],
  SecurityProfileRaised: ["stations:one"],
  SiteChanged: ["sites", "overview", "audit:list"],
  StationAdded: [...STATION_LISTS, "audit:list"],
  StationBooted: [...STATION_LISTS, "stations:one", "reports", "variables"],
  StationChanged: [...STATION_LISTS, "stations:one", "audit:list"],
  StationConnected: [...STATION_LISTS, "stations:one"],
  StationDisconnected: [...STATION_LISTS],
  TokenAdded: ["tokens", "audit:list"],
  TokenBlocked: ["tokens", "audit:list"],
  TokenChanged: ["tokens", "audit:list"],
  TokenGroupChanged: ["token-groups", "audit:list"],
  TokenJudged: ["judgements"],
  TokenRemoved: ["tokens", "audit:list"],
  TokenUnblocked: ["tokens", "audit:list"],
  TopologyChanged: ["stations:one"],
  TransactionCorrected: ["transactions:one", "transactions:events", "transactions:values"],
  TransactionEnded: ["transactions", "overview", "audit:list"],
  TransactionStarted: ["transactions:list", "overview"],
  TransactionUpdated: ["transactions:one", "transactions:events"],
  UserChanged: ["users", "audit:list"],
  WantedConfigurationChanged: ["wanted", "variables", "audit:list"],
};

export type Key = readonly unknown[];

/**
 * Whether a question is stale after an event of a kind. Keys are `[name, "list" | "one" | ..., ...]`. Where a question is about one
 * station (its key ends with `{ stationId }`), only events of that station touch it.
 */
export function isStale(key: Key, kind: string, stationId: number | null): boolean {
  const names = OF_KIND[kind];
  if (names === undefined) return false;
  const [name, part] = key;
  if (!names.some((one) => one === name || one === `${String(name)}:${String(part)}`)) {
    return names.includes("stations:state") && name === "stations" && part === "list" && asked(key, "state") !== undefined;
  }
  const about = asked(key, "stationId");
  return about === undefined || stationId === null || about === stationId;
}

function asked(key: Key, name: string): unknown {
  const last = key.at(-1);
  return typeof last === "object" && last !== null ? (last as Record<string, unknown>)[name] : undefined;
}
