import type { EngineOptions, Log } from "../../engine/index.ts";
import type { Viewer } from "../../model/index.ts";
import { type VirtualClock, virtualClock } from "../clock/virtual-clock.ts";
import { seededIds } from "../ids.ts";
import { type SimulatedCloud, simulatedCloud } from "../simulated-cloud.ts";
import { type MemoryStore, memoryStore } from "../store/memory-store.ts";
import { befall } from "../world/befall.ts";
import { type CloudSpec, demoCloud } from "../world/cloud-spec.ts";
import { type Action, act, isBelayAction } from "./actions.ts";
import { type Belay, createBelay } from "./belay.ts";

export interface LogLine {
  readonly at: number;
  readonly level: keyof Log;
  readonly words: string;
  readonly facts: Record<string, unknown> | undefined;
}

/** The simulated cloud with the production engine on it, on one virtual clock: everything that a scenario needs. */
export interface Rig {
  readonly clock: VirtualClock;
  readonly cloud: SimulatedCloud;
  readonly store: MemoryStore;
  readonly belay: Belay;
  readonly log: readonly LogLine[];
  /** The sentence for what happened; undefined where it cannot happen now. */
  act(action: Action): Promise<string | undefined>;
  close(): void;
}

/** A day like any other, so that times in logs look like times. */
const firstMs = Date.UTC(2026, 0, 5, 8);

/** Hosts are enrolled and Belay has not been started. */
export async function createRig(
  options: { hosts?: CloudSpec["hosts"]; seed?: number; engine?: Partial<EngineOptions> } = {},
): Promise<Rig> {
  const { hosts = demoCloud.hosts, seed = 1, engine = {} } = options;
  const clock = virtualClock(firstMs);
  const ids = seededIds(seed, clock);
  const cloud = simulatedCloud({ clock, hosts, seed });
  const store = memoryStore({ ids });
  const log: LogLine[] = [];
  const writer =
    (level: keyof Log): Log["info"] =>
    (words, facts) =>
      void log.push({ at: clock.now(), level, words, facts });
  const provider: Viewer = { userId: null, name: "The provider", organizationId: ids.next("org"), role: "provider" };
  const belay = createBelay(
    clock,
    cloud,
    store,
    { info: writer("info"), warn: writer("warn"), error: writer("error") },
    seed,
    engine,
  );

  for (const { name, uri, hostKeySha256, faultInjection, facts } of cloud.world.hosts()) {
    const host = { id: ids.next("hst"), name, uri, hostKeySha256, faultInjection, ...facts, enrolledAt: clock.now() };
    await store.service.enrolHost(host, provider, clock.now());
  }

  return {
    ...{ clock, cloud, store, belay, log },
    async act(action) {
      if (!isBelayAction(action)) return befall(cloud.world, action);
      const words = await act(action, belay, store, provider, clock.now());
      if (words !== undefined) cloud.world.tell(words);
      return words;
    },
    close() {
      belay.kill();
      cloud.close();
    },
  };
}
