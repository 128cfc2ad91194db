/** How it stands with a session, and with its token. */
import { Badge } from "@mantine/core";
import type { TransactionOut } from "@/shared/api/schema.gen.ts";
import { useWords } from "@/shared/i18n/index.tsx";

const OF_STATE: Record<string, string> = { Charging: "teal", SuspendedEV: "yellow", SuspendedEVSE: "orange" };

export function SessionBadge({ session }: { session: Pick<TransactionOut, "endedAt" | "chargingState" | "stopReason"> }) {
  const words = useWords();
  if (session.endedAt !== null) {
    return (
      <Badge color="gray" variant="outline" title={session.stopReason} miw="max-content">
        {words.transactions.over}
      </Badge>
    );
  }
  const named: Record<string, string> = words.states.charging;
  return (
    <Badge color={OF_STATE[session.chargingState] ?? "blue"} variant="light" miw="max-content">
      {named[session.chargingState] ?? (session.chargingState || words.transactions.runs)}
    </Badge>
  );
}

/** Where a session is: its station's outlet. */
export function useOutlet(): (session: Pick<TransactionOut, "evseId" | "connectorId">) => string {
  const words = useWords();
  return ({ evseId, connectorId }) =>
    evseId === null ? "" : `${words.transactions.outlet} ${evseId}${(connectorId ?? 1) > 1 ? `.${connectorId}` : ""}`;
}
