/** One station, as every page about it knows it. */
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { api, told } from "../api/client.ts";

/** The number in the address of a page. */
export function useNumber(name: string): number {
  const parameters: Record<string, string | undefined> = useParams({ strict: false });
  return Number(parameters[name]);
}

/** Nothing is asked while there is no number. */
export function useStation(id: number | undefined) {
  return useQuery({
    queryKey: ["stations", "one", id],
    queryFn: () => told(api.GET("/api/v1/stations/{station_id}", { params: { path: { station_id: id ?? 0 } } })),
    enabled: id !== undefined,
  });
}

/** What a station is called: its name if people gave it one. */
export function named(station: { stationId: string; name: string }): string {
  return station.name ? `${station.name} (${station.stationId})` : station.stationId;
}
