/** What the pages about tokens ask for more than once. */
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/shared/api/client.ts";
import { tagged } from "@/shared/api/tagged.ts";

export function useToken(id: number) {
  return useQuery({
    queryKey: ["tokens", "one", id],
    queryFn: () => tagged(api.GET("/api/v1/tokens/{token_id}", { params: { path: { token_id: id } } })),
  });
}

const OFFERED = 500;

/** The names of groups, as many as fit into a choice. */
export function useGroupNames(): string[] {
  const { data } = useQuery({
    queryKey: ["token-groups", "choice"],
    queryFn: () => told(api.GET("/api/v1/token-groups", { params: { query: { limit: OFFERED } } })),
  });
  return [...new Set((data?.items ?? []).map((one) => one.groupId))];
}
