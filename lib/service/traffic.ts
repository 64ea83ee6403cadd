import type { OwnedSample, TrafficSample } from "../contract/index.ts";
import { type ApplicationId, can, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { keptSeconds, trafficLog } from "./traffic-log.ts";

/** A source's clock may be ahead of ours by this much. */
const aheadMs = 5000;

export function trafficService({ store, clock }: ServiceDeps) {
  const log = trafficLog();
  const listeners = new Set<(samples: readonly OwnedSample[]) => void>();

  return {
    /** Keeps and passes on what the traffic source counted. Returns how many samples were kept. */
    async recordTraffic(viewer: Viewer, samples: readonly TrafficSample[]): Promise<number> {
      must(can.recordTraffic(viewer));
      const owners = new Map((await store.applications()).map((it) => [it.id, it.organizationId]));
      const now = clock.now();
      const kept = samples.flatMap((sample) => {
        const organizationId = owners.get(sample.applicationId);
        const timely = sample.at <= now + aheadMs && sample.at > now - keptSeconds * 1000;
        return organizationId !== undefined && timely ? [{ organizationId, sample }] : [];
      });
      for (const { sample } of kept) log.add(sample);
      if (kept.length > 0) for (const listener of listeners) listener(kept);
      return kept.length;
    },

    async traffic(viewer: Viewer, id: ApplicationId, seconds: number): Promise<TrafficSample[]> {
      const application = found(
        "application",
        (await store.applications()).find((it) => it.id === id),
        (it) => can.seeApplication(viewer, it),
      );
      return log.last(application.id, Math.min(seconds, keptSeconds), clock.now());
    },

    /** Calls `listener` with what was just kept. Returns how to stop. */
    onTraffic(listener: (samples: readonly OwnedSample[]) => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
