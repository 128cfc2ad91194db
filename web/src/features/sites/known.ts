/** What the pages about sites and organisations ask for more than once. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "@/shared/api/client.ts";
import { useOrganisations } from "@/shared/api/scope.tsx";
import { tagged } from "@/shared/api/tagged.ts";

export function useSite(id: number) {
  return useQuery({
    queryKey: ["sites", "one", id],
    queryFn: () => tagged(api.GET("/api/v1/sites/{site_id}", { params: { path: { site_id: id } } })),
  });
}

export function useOrganisation(id: number) {
  return useQuery({
    queryKey: ["organisations", "one", id],
    queryFn: () =>
      tagged(api.GET("/api/v1/organisations/{organisation_id}", { params: { path: { organisation_id: id } } })),
  });
}

/** Who did it sees it at once; the others by the event. */
export function useAnew(): (name: "sites" | "organisations") => void {
  const client = useQueryClient();
  return (name) => void client.invalidateQueries({ queryKey: [name] });
}

/** What an organisation is called, where there are several to tell apart. */
export function useOwnerName(): ((id: number) => string) | null {
  const organisations = useOrganisations();
  if (organisations.length < 2) return null;
  return (id) => organisations.find((one) => one.id === id)?.name ?? String(id);
}
