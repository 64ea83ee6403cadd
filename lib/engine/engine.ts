import type { Host, HostId, RepairId, Vm } from "../model/index.ts";
import { CheckpointKeeper } from "./checkpoints/keeper.ts";
import { Standbys } from "./checkpoints/standbys.ts";
import { createConversation } from "./conversation/conversation.ts";
import { defaultOptions, type EngineOptions, type Env } from "./env.ts";
import { HostGuard } from "./guard/host-guard.ts";
import { eachOf } from "./guard/limit.ts";
import { createGuestWatch } from "./guest-watch.ts";
import { HostWatch } from "./host-watch.ts";
import { carryOutIntents } from "./intents.ts";
import { drainHost } from "./maintenance/drain.ts";
import { programFor } from "./programs.ts";
import { createProvision } from "./provision/provision.ts";
import { hookRepair } from "./repair/hook.ts";
import { Places } from "./repair/places.ts";
import { makeRoom } from "./repair/places-replicas.ts";
import { rehouse, settleLeftovers } from "./repair/rehouse.ts";
import { turnOf } from "./scan-turns.ts";
import { timeOfDay } from "./time-of-day.ts";
import { createTolerance } from "./tolerance.ts";

export interface Engine {
  /** Goes on with what a dead engine left, then watches every enrolled host. */
  start(): Promise<void>;
  /** Stops watching and deciding. Repairs in flight stay journalled; the next start goes on with them. */
  stop(): Promise<void>;
}

const startedAtOnce = 16;

/**
 * The loop that keeps the watches equal to the enrolled hosts, carries out intents, and sees to it that every open repair and every
 * maintenance runs. Wakes make it quick; a sweep every few seconds makes it sure.
 */
export function createEngine(env: Env, given: Partial<EngineOptions> = {}): Engine {
  const options: EngineOptions = { ...defaultOptions, ...given };
  const watches = new Map<HostId, HostWatch>();
  const begunMs = env.clock.monotonicMs();
  let begun = 0;
  const stopping = new AbortController();
  let wake: AbortController | undefined;
  let woken = false;
  let loop: Promise<void> = Promise.resolve();
  let unsubscribe = () => {};

  const nudge = () => {
    woken = true;
    wake?.abort();
  };
  /** A repair changed how a host stands, or planned others. */
  const planned = () => {
    guard.reload();
    nudge();
  };
  const guests = createGuestWatch(env, options);
  const conversation = createConversation(env, options, guests);
  const places = new Places(env);
  const standbys = new Standbys(env);
  const tolerance = createTolerance(env, async ({ hosts, vms }) => {
    await settleLeftovers(env, vms);
    if (await makeRoom(env, (vm) => places.promised(vm))) keeper.changed();
    if (await rehouse(env, places, standbys, hosts)) nudge();
  });
  const opened = async (repair: RepairId, vm: Vm) => {
    await env.runner.start(repair);
    watches.get(vm.hostId)?.reload(); // it has an incident now, whose end is seen there
  };
  const keeper = new CheckpointKeeper(env, options, standbys, {
    places,
    isSilent: guests.isSilent,
    // A guest that has not answered since we began may hang since then: what is from before it is kept.
    answeredAt: (vm) => timeOfDay(env.clock, guests.lastEver(vm) ?? begunMs),
    opened,
  });
  const changed = () => {
    tolerance.changed();
    keeper.changed();
  };
  const provision = createProvision(
    env,
    (host) => {
      if (host !== null) watches.get(host)?.reload();
      changed();
      nudge(); // the next one may begin
    },
    (vm) => places.promised(vm),
  );
  const guard = new HostGuard(env, options, {
    nudge,
    standsAnew: (host: Host) => watches.get(host.id)?.update(host),
  });

  async function syncHosts() {
    const hosts = await env.store.hosts();
    const ids = new Set(hosts.map((host) => host.id));
    for (const [id, watch] of watches) {
      if (ids.has(id)) continue;
      watches.delete(id);
      await watch.stop();
      changed();
    }
    for (const host of hosts) {
      const known = watches.get(host.id);
      known?.update(host);
      if (known !== undefined) continue;
      const watch = new HostWatch(
        env,
        options,
        host,
        guests,
        conversation,
        changed,
        turnOf(begun++, options.scanEveryMs),
      );
      watches.set(host.id, watch);
      watch.start();
    }
  }

  async function sweep() {
    await syncHosts();
    await carryOutIntents(env);
    await provision.look();
    await eachOf(await env.store.openRepairs(), startedAtOnce, (repair) => env.runner.start(repair));
    for (const { id } of await env.store.openMaintenances()) await env.runner.start(id);
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
      await env.clock.sleep(options.sweepEveryMs, wake.signal).catch(() => undefined);
      wake = undefined;
    }
  }

  return {
    async start() {
      const help = { witness: guard, places, standbys, everAnswered: guests.everAnswered, nudge: planned, opened };
      env.runner.register(
        programFor(env, options, help, {
          hook: hookRepair(env, options),
          drain: drainHost(env),
        }),
      );
      await guard.read(); // repairs that go on ask it at once
      await env.runner.launch();
      unsubscribe = env.wakes.onWake((what) => {
        if (what === "vms") {
          for (const watch of watches.values()) watch.reload();
          changed();
        } else if (what === "messages") conversation.wake();
        else {
          keeper.changed();
          guard.reload();
          nudge();
        }
      });
      await conversation.read();
      await provision.read();
      guests.start();
      conversation.start();
      tolerance.start();
      guard.start();
      keeper.start();
      loop = run();
    },
    async stop() {
      stopping.abort();
      wake?.abort();
      unsubscribe();
      await loop;
      await Promise.all([
        guard.stop(),
        guests.stop(),
        conversation.stop(),
        provision.stop(),
        tolerance.stop(),
        keeper.stop(),
      ]);
      await Promise.all([...watches.values()].map((watch) => watch.stop()));
      watches.clear();
      await env.runner.close();
    },
  };
}
