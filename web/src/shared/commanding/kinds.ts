/** Which commands there are, in the order people look for them. */
import { useQuery } from "@tanstack/react-query";
import { api, told } from "../api/client.ts";
import type { CommandKindOut } from "../api/schema.gen.ts";
import { useMay } from "../api/session.ts";
import type { Words } from "../i18n/en/index.ts";
import type { Schema } from "./schema.ts";

/** What an operator does every day; everything else comes after, by name. */
const OFTEN = ["StartCharging", "StopCharging", "UnlockConnector", "Reset", "ChangeAvailability"];

/** Commands with pages of their own, or that only programs send. */
const ELSEWHERE = new Set(["GetVariables", "SetVariables", "SendRaw"]);

export type Kind = Omit<CommandKindOut, "arguments"> & { arguments: Schema };

export function useKinds(): Kind[] {
  const { data } = useQuery({ queryKey: ["command-kinds"], queryFn: () => told(api.GET("/api/v1/command-kinds")) });
  return (data?.items ?? []) as Kind[];
}

/** What may be asked of a station that is capable of these; of any station where nothing is said. */
export function useOffered(capabilities: readonly string[] | null | undefined): Kind[] {
  const kinds = useKinds();
  const may = useMay();
  if (!may("commands.send")) return [];
  return kinds
    .filter((kind) => !ELSEWHERE.has(kind.kind) && (!capabilities || capabilities.includes(kind.kind)))
    .sort((a, b) => place(a.kind) - place(b.kind) || a.kind.localeCompare(b.kind));
}

const place = (kind: string): number => (OFTEN.includes(kind) ? OFTEN.indexOf(kind) : OFTEN.length);

export function titleOf(kind: { kind: string; title?: string }, words: Words): string {
  return (words.commands.kinds as Record<string, { title: string } | undefined>)[kind.kind]?.title ?? kind.title ?? kind.kind;
}

export function helpOf(kind: { kind: string; summary?: string }, words: Words): string {
  return (words.commands.kinds as Record<string, { help: string } | undefined>)[kind.kind]?.help ?? kind.summary ?? "";
}
