/** What part of the network is looked at: everything one may see, an organisation, or a site. */
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { api, told } from "./client.ts";
import type { OrganisationOut, SiteOut } from "./schema.gen.ts";

export type Scope = { organisationId?: number | undefined; siteId?: number | undefined };

type Scoped = { scope: Scope; look: (scope: Scope) => void };

const KEPT = "forecourt.scope";
const ScopeContext = createContext<Scoped>({ scope: {}, look: () => undefined });

function kept(): Scope {
  try {
    const { organisationId, siteId } = JSON.parse(localStorage.getItem(KEPT) ?? "{}") as Record<string, unknown>;
    return {
      ...(typeof organisationId === "number" && { organisationId }),
      ...(typeof siteId === "number" && { siteId }),
    };
  } catch {
    return {};
  }
}

export function Scoping({ children }: { children: ReactNode }) {
  const [scope, setScope] = useState<Scope>(kept);
  const scoped = useMemo<Scoped>(
    () => ({
      scope,
      look(wanted) {
        localStorage.setItem(KEPT, JSON.stringify(wanted));
        setScope(wanted);
      },
    }),
    [scope],
  );
  return <ScopeContext value={scoped}>{children}</ScopeContext>;
}

export const useScope = (): Scoped => useContext(ScopeContext);

const MOST = 500;
/** Always the same, so that nothing is drawn again because of it. */
const NO_SITES: SiteOut[] = [];

/** The sites one may see, as many as fit into a choice. */
export function useSites(): SiteOut[] {
  const { data } = useQuery({
    queryKey: ["sites", "choice"],
    queryFn: () => told(api.GET("/api/v1/sites", { params: { query: { limit: MOST, sort: "name" } } })),
  });
  return data?.items ?? NO_SITES;
}

/** The organisations one may see. */
export function useOrganisations(): OrganisationOut[] {
  const { data } = useQuery({
    queryKey: ["organisations", "choice"],
    queryFn: () => told(api.GET("/api/v1/organisations", { params: { query: { limit: MOST } } })),
  });
  return data?.items ?? [];
}
