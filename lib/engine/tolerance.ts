import { sameRoom, toleranceByHost } from "../decide/index.ts";
import type { Tolerance } from "../model/index.ts";
import type { Env } from "./env.ts";
import type { Inventory } from "./ports.ts";
import { replicasOf } from "./repair/places-replicas.ts";

const leastMs = 1_000;
/** However little was heard of changes: people change policies and racks, and a hint may be lost. */
const atLeastEveryMs = 60_000;
/** Where computing takes long, it is done so much more rarely. */
const pauseFactor = 10;
/** Nothing else is done meanwhile, so it is done in slices. The simulated clock stands still while we compute: there, hosts are counted. */
const sliceMs = 6;
const hostsAtOnce = 64;

/** Keeps it known which VMs would not come back if a host died: recomputed after each change, at most once a second. */
export interface ToleranceWatch {
  /** What fits where may have changed. Cheap: call it as often as you like. */
  readonly changed: () => void;
  start(): void;
  stop(): Promise<void>;
}

/** `looked` is called with what was read, after each time. */
export function createTolerance(env: Env, looked: (inventory: Inventory) => Promise<void>): ToleranceWatch {
  const { clock, store, log } = env;
  const stopping = new AbortController();
  let wake: AbortController | undefined;
  let due = true;
  let loop: Promise<void> = Promise.resolve();
  let known: Parameters<typeof sameRoom>[0] | undefined;

  async function recompute() {
    due = false;
    const [policy, hosts, vms] = await Promise.all([store.policy(), store.hosts(), store.allVms()]);
    const inventory = { policy, hosts, vms, replicas: replicasOf(env) };
    if (known === undefined || !sameRoom(known, inventory)) {
      await computeAll(inventory);
      known = inventory;
    }
    await looked(inventory);
  }

  async function computeAll(inventory: Parameters<typeof toleranceByHost>[0]) {
    const all: Tolerance[] = [];
    let done = 0;
    let sinceMs = clock.monotonicMs();
    for (const found of toleranceByHost(inventory)) {
      all.push(...found);
      if (++done < hostsAtOnce && clock.monotonicMs() - sinceMs < sliceMs) continue;
      await clock.sleep(1, stopping.signal); // an event must not wait for all of it
      done = 0;
      sinceMs = clock.monotonicMs();
    }
    await store.recordTolerance(all, clock.now());
  }

  async function sleep(ms: number, wakeable: boolean) {
    const mine = new AbortController();
    const stop = () => mine.abort("stopping");
    stopping.signal.addEventListener("abort", stop, { once: true });
    if (wakeable) wake = mine;
    if (!stopping.signal.aborted) await clock.sleep(ms, mine.signal).catch(() => undefined);
    wake = undefined;
    stopping.signal.removeEventListener("abort", stop);
  }

  async function run() {
    while (!stopping.signal.aborted) {
      const began = clock.now();
      try {
        await recompute();
      } catch (error) {
        due = true;
        if (!stopping.signal.aborted) log.warn("what would not fit could not be computed", { error: String(error) });
      }
      await sleep(Math.max(leastMs, pauseFactor * (clock.now() - began)), false);
      if (!due && !stopping.signal.aborted) await sleep(atLeastEveryMs, true);
    }
  }

  return {
    changed() {
      due = true;
      wake?.abort("something changed");
    },
    start() {
      loop = run();
    },
    async stop() {
      stopping.abort("stopping");
      await loop;
    },
  };
}
