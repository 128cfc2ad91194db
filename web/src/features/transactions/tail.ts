/** The readings of an outlet that come while somebody looks. */
import { useEffect, useState } from "react";
import type { EvseReadings } from "@/shared/api/schema.gen.ts";
import { useReadingsOf } from "@/shared/live/live.tsx";

/** Enough for hours of looking; the server has the rest. */
const MOST = 5000;

export function useTail(stationId: number, evseId: number, wanted: boolean): readonly EvseReadings[] {
  const newest = useReadingsOf(stationId, evseId);
  const [tail, setTail] = useState<readonly EvseReadings[]>([]);
  useEffect(() => {
    if (newest !== undefined && wanted) setTail((before) => [...before.slice(-MOST), newest]);
  }, [newest, wanted]);
  return tail;
}
