/** States as people read them: never by colour alone. */
import { Badge, type MantineColor } from "@mantine/core";
import type { ConnectorOut } from "../api/schema.gen.ts";
import { useWords } from "../i18n/index.tsx";

const OF_STATE: Record<string, MantineColor> = {
  Available: "teal",
  Occupied: "blue",
  Reserved: "violet",
  Unavailable: "gray",
  Faulted: "red",
};

const OF_COMMAND: Record<string, MantineColor> = {
  queued: "gray",
  sent: "blue",
  running: "blue",
  accepted: "teal",
  finished: "teal",
  refused: "orange",
  unanswered: "orange",
  expired: "gray",
  failed: "red",
};

const OF_VERDICT: Record<string, MantineColor> = { Accepted: "teal", Pending: "yellow", Rejected: "red" };

function named(words: Record<string, string>, value: string): string {
  return words[value] ?? value;
}

/** A connector's state, and that it may be otherwise by now. */
export function StateBadge({ connector }: { connector: Pick<ConnectorOut, "status" | "unknownSince"> }) {
  const words = useWords();
  if (connector.status === null) return <Badge color="gray" variant="outline">{words.states.unknown}</Badge>;
  const state = named(words.states.connector, connector.status);
  if (connector.unknownSince !== null) {
    return (
      <Badge color="gray" variant="outline" title={words.states.lastKnown}>
        {state}?
      </Badge>
    );
  }
  return <Badge color={OF_STATE[connector.status] ?? "gray"} variant="light">{state}</Badge>;
}

export function OnlineBadge({ connected }: { connected: boolean }) {
  const words = useWords();
  return (
    <Badge color={connected ? "teal" : "gray"} variant={connected ? "light" : "outline"}>
      {connected ? words.states.online : words.states.offline}
    </Badge>
  );
}

export function CommandBadge({ status }: { status: string }) {
  const words = useWords();
  return <Badge color={OF_COMMAND[status] ?? "gray"} variant="light">{named(words.states.command, status)}</Badge>;
}

export function RegistrationBadge({ registration }: { registration: string }) {
  const words = useWords();
  return (
    <Badge color={OF_VERDICT[registration] ?? "gray"} variant="light">
      {named(words.states.registration, registration)}
    </Badge>
  );
}

/** What was said of a token, or of a station that asked to be let in. */
export function VerdictBadge({ verdict }: { verdict: string }) {
  const words = useWords();
  if (verdict === "") return <Badge color="gray" variant="outline">{words.states.unknown}</Badge>;
  return (
    <Badge color={OF_VERDICT[verdict] ?? "red"} variant="light">
      {named(words.states.verdict, verdict)}
    </Badge>
  );
}
