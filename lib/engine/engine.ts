import type { HostId } from "../model/index.ts";
import { defaultOptions, type EngineOptions, type Env } from "./env.ts";
import { createGuestWatch } from "./guest-watch.ts";
import { HostWatch } from "./host-watch.ts";
import { carryOutIntents } from "./intents.ts";
import { reviveVm } from "./repair/revive-vm.ts";
import { createTolerance } from "./tolerance.ts";

export interface Engine {
  /** Goes on with what a dead engine left, then watches every enrolled host. */
  start(): Promise<void>;
  /** Stops watching and deciding. Repairs in flight stay journalled; the next start goes on with them. */
  stop(): Promise<void>;
}

/**
 * The loop that keeps the watches equal to the enrolled hosts, carries out intents, and sees to it that every open repair runs.
 * Wakes make it quick; a sweep every few seconds makes it sure.
 */
export function createEngine(env: Env, given: Partial<EngineOptions> = {}): Engine {
  const options: EngineOptions = { ...defaultOptions, ...given };
  const watches = new Map<HostId, HostWatch>();
  const guests = createGuestWatch(env, options);
  const tolerance = createTolerance(env);
  const stopping = new AbortController();
  let wake: AbortController | undefined;
  let woken = false;
  let loop: Promise<void> = Promise.resolve();
  let unsubscribe = () => {};

  const nudge = () => {
    woken = true;
    wake?.abort();
  };

  async function syncHosts() {
    const hosts = await env.store.hosts();
    const ids = new Set(hosts.map((host) => host.id));
    for (const [id, watch] of watches) {
      if (ids.has(id)) continue;
      watches.delete(id);
      await watch.stop();
    }
    for (const host of hosts) {
      const known = watches.get(host.id);
      known?.update(host);
      if (known !== undefined) continue;
      const watch = new HostWatch(env, options, host, guests, tolerance.changed);
      watches.set(host.id, watch);
      watch.start();
    }
  }

  async function sweep() {
    await syncHosts();
    await carryOutIntents(env);
    for (const repair of await env.store.openRepairs()) await env.runner.start(repair);
  }

  async function run() {
    const { signal } = stopping;
    while (!signal.aborted) {
      woken = false;
      try {
        await sweep();
      } catch (error) {
        if (!signal.aborted) env.log.error("the engine's sweep failed and is tried again", { error: String(error) });
      }
      if (woken || signal.aborted) continue;
      wake = new AbortController();
      await env.clock.sleep(options.sweepEveryMs, AbortSignal.any([wake.signal, signal])).catch(() => undefined);
      wake = undefined;
    }
  }

  return {
    async start() {
      env.runner.register(reviveVm(env, options));
      await env.runner.launch();
      unsubscribe = env.wakes.onWake((what) => {
        tolerance.changed();
        if (what === "vms") for (const watch of watches.values()) watch.reload();
        else nudge();
      });
      guests.start();
      tolerance.start();
      loop = run();
    },
    async stop() {
      stopping.abort();
      unsubscribe();
      await Promise.all([loop, guests.stop(), tolerance.stop()]);
      await Promise.all([...watches.values()].map((watch) => watch.stop()));
      watches.clear();
      await env.runner.close();
    },
  };
}
