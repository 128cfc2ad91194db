/** How long ago something was, with the instant itself for who wants to know. */
import { Text } from "@mantine/core";
import { useFormat } from "../i18n/index.tsx";
import { NONE } from "../units/format.ts";
import { useNow } from "./now.ts";

export function Ago({ at }: { at: string | null | undefined }) {
  const format = useFormat();
  const now = useNow();
  if (!at) return <>{NONE}</>;
  return (
    <Text component="time" dateTime={at} title={format.instant(at)} inherit style={{ whiteSpace: "nowrap" }}>
      {format.since(at, now)}
    </Text>
  );
}
