/** A page about something that has to be asked for first. */
import { Skeleton } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Page } from "./page.tsx";
import { Refusal } from "./refusal.tsx";

type Props<T> = {
  of: UseQueryResult<T>;
  /** What the page is called while nothing is known. */
  title: string;
  under: readonly { title: string; to: string }[];
  children: (known: T) => ReactNode;
};

export function Asked<T>({ of, title, under, children }: Props<T>) {
  if (of.data !== undefined) return children(of.data);
  return (
    <Page title={title} under={under}>
      {of.error ? <Refusal error={of.error} again={() => void of.refetch()} /> : <Skeleton h={240} aria-busy />}
    </Page>
  );
}
