import type { stations as english } from "../en/stations.ts";

export const stations: typeof english = {};
