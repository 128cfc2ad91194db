/** What stations are called that are known by their numbers only. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api, told } from "../api/client.ts";

/** As many as the API tells at once. */
const MOST = 200;

/** The identity of each station that may be seen, by its number. */
export function useStationNames(ids: Iterable<number>): (id: number) => string {
  const wanted = [...new Set(ids)].sort((a, b) => a - b).slice(0, MOST);
  const { data } = useQuery({
    queryKey: ["station-names", wanted],
    queryFn: async () => {
      const query = { ids: wanted.join(","), limit: MOST };
      const page = await told(api.GET("/api/v1/stations", { params: { query } }));
      return new Map(page.items.map((one) => [one.id, one.stationId]));
    },
    enabled: wanted.length > 0,
    placeholderData: keepPreviousData,
  });
  return (id) => data?.get(id) ?? `#${id}`;
}
