/** What the server knows of settings: all variables of a station, what is wanted of it, its reports. */
import { useQuery } from "@tanstack/react-query";
import { api, told } from "@/shared/api/client.ts";
import { said } from "@/shared/api/lists.ts";
import type { VariableOut } from "@/shared/api/schema.gen.ts";

const PER_PAGE = 500;
/** A station with more has counted wrong. */
const MOST_PAGES = 40;

async function allVariables(stationId: number, signal: AbortSignal): Promise<VariableOut[]> {
  const found: VariableOut[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = said({ cursor, limit: PER_PAGE });
    const answer = await told(
      api.GET("/api/v1/stations/{station_id}/variables", {
        params: { path: { station_id: stationId }, query },
        signal,
      }),
    );
    found.push(...answer.items);
    if (!answer.next) break;
    cursor = answer.next;
  }
  return found;
}

/** Every variable of a station: they are searched, grouped and compared here. */
export function useVariables(stationId: number | undefined) {
  return useQuery({
    queryKey: ["variables", "all", { stationId }],
    queryFn: ({ signal }) => allVariables(stationId ?? 0, signal),
    enabled: stationId !== undefined,
  });
}

export function useWanted(stationId: number) {
  return useQuery({
    queryKey: ["wanted", "of", { stationId }],
    queryFn: () =>
      told(
        api.GET("/api/v1/stations/{station_id}/wanted-variables", { params: { path: { station_id: stationId } } }),
      ),
  });
}

/** The report a station was asked for last. */
export function useReport(stationId: number) {
  return useQuery({
    queryKey: ["reports", "last", { stationId }],
    queryFn: async () =>
      (
        await told(
          api.GET("/api/v1/stations/{station_id}/reports", {
            params: { path: { station_id: stationId }, query: { limit: 1 } },
          }),
        )
      ).items[0] ?? null,
  });
}
