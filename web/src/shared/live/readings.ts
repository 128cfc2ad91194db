/** The newest readings of every EVSE. Many come at once: who watches is told once a frame. */
import type { EvseReadings } from "../api/schema.gen.ts";

type Watcher = () => void;

export class LiveReadings {
  readonly #newest = new Map<string, EvseReadings>();
  readonly #watchers = new Set<Watcher>();
  #version = 0;
  #due = false;

  constructor(private readonly nextFrame: (tell: () => void) => void) {}

  /** Take one; an older one than what is known changes nothing. */
  take(readings: EvseReadings): void {
    const key = `${readings.stationId}/${readings.evseId}`;
    const known = this.#newest.get(key);
    if (known !== undefined && Date.parse(known.at) > Date.parse(readings.at)) return;
    this.#newest.set(key, readings);
    this.#changed();
  }

  /** What was charged there has ended: nothing flows any more. */
  rest(stationId: number, evseId: number): void {
    const known = this.of(stationId, evseId);
    if (known === undefined || known.powerW === null) return;
    const still = { powerW: null, socPercent: null, currentPerPhaseA: {}, voltagePerPhaseV: {} };
    this.#newest.set(`${stationId}/${evseId}`, { ...known, ...still });
    this.#changed();
  }

  /** Begin anew from what the server knows. */
  replace(all: readonly EvseReadings[]): void {
    this.#newest.clear();
    for (const one of all) this.#newest.set(`${one.stationId}/${one.evseId}`, one);
    this.#changed();
  }

  of(stationId: number, evseId: number): EvseReadings | undefined {
    return this.#newest.get(`${stationId}/${evseId}`);
  }

  ofStation(stationId: number): EvseReadings[] {
    return [...this.#newest.values()].filter((one) => one.stationId === stationId);
  }

  /** What all EVSEs that are looked at give together; a station's own meter (EVSE 0) would count them twice. */
  totalPowerW(scope: { organisationId?: number | undefined; siteId?: number | undefined }): number {
    let sum = 0;
    for (const one of this.#newest.values()) {
      if (one.evseId === 0 || one.powerW === null) continue;
      if (scope.organisationId !== undefined && one.organisationId !== scope.organisationId) continue;
      if (scope.siteId !== undefined && one.siteId !== scope.siteId) continue;
      sum += one.powerW;
    }
    return sum;
  }

  /** Changes with every change: what a watcher compares. */
  get version(): number {
    return this.#version;
  }

  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #changed(): void {
    if (this.#due) return;
    this.#due = true;
    this.nextFrame(() => {
      this.#due = false;
      this.#version += 1;
      for (const watcher of this.#watchers) watcher();
    });
  }
}
