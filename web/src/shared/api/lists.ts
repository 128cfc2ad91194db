/** Lists in pages, as every list of the API is. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Refused } from "./client.ts";

export type PageOf<T> = { items: T[]; next?: string | null };

export type Listed<T> = {
  items: T[];
  /** Nothing has come yet. */
  loading: boolean;
  /** What is shown belongs to the question before. */
  outdated: boolean;
  refused: Refused | null;
  more: (() => void) | null;
  loadingMore: boolean;
  again: () => void;
};

/** A list whose next page comes when it is asked for. `key` begins with the name of what is listed. */
export function useListed<T>(
  key: readonly unknown[],
  ask: (cursor: string | undefined, signal: AbortSignal) => Promise<PageOf<T>>,
  enabled = true,
): Listed<T> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => ask(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.next ?? undefined,
    placeholderData: keepPreviousData,
    enabled,
  });
  return {
    items: query.data?.pages.flatMap((page) => page.items) ?? [],
    loading: query.isPending && enabled,
    outdated: query.isPlaceholderData,
    refused: query.error instanceof Refused ? query.error : null,
    more: query.hasNextPage ? () => void query.fetchNextPage() : null,
    loadingMore: query.isFetchingNextPage,
    again: () => void query.refetch(),
  };
}

/** The parameters that say something: the API refuses empty ones. */
export function said<T extends Record<string, unknown>>(parameters: T): T {
  return Object.fromEntries(
    Object.entries(parameters).filter(([, value]) => value !== undefined && value !== "" && value !== null),
  ) as T;
}
