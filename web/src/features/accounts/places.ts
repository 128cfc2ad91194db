/** What places are called, for those who look. */
import { useOrganisations, useSites } from "@/shared/api/scope.tsx";
import { useWords } from "@/shared/i18n/index.tsx";
import type { Named } from "./grants.ts";

export function useNamed(): Named {
  const words = useWords();
  return { organisations: useOrganisations(), sites: useSites(), platform: words.accounts.platform };
}
