import type { TrafficSample } from "../contract/index.ts";
import type { ApplicationId, EpochMs } from "../model/index.ts";

/** How much is kept per application. */
export const keptSeconds = 900;

interface Ring {
  /** Slot of a second: its number modulo `keptSeconds`. */
  readonly slots: (TrafficSample | undefined)[];
}

/**
 * The last 15 minutes of each application, a sample a second, in memory. Bounded by the number of applications, which the caller
 * checks. The same second again takes the earlier one's place.
 */
export function trafficLog() {
  const rings = new Map<ApplicationId, Ring>();

  return {
    add(sample: TrafficSample): void {
      const ring = rings.get(sample.applicationId) ?? { slots: new Array(keptSeconds) };
      rings.set(sample.applicationId, ring);
      ring.slots[Math.floor(sample.at / 1000) % keptSeconds] = sample;
    },

    /** Samples of the last `seconds` before `now`, oldest first. */
    last(application: ApplicationId, seconds: number, now: EpochMs): TrafficSample[] {
      const since = now - seconds * 1000;
      return (rings.get(application)?.slots ?? [])
        .filter((sample) => sample !== undefined)
        .filter((sample) => sample.at >= since)
        .sort((one, other) => one.at - other.at);
    },
  };
}
export type TrafficLog = ReturnType<typeof trafficLog>;
