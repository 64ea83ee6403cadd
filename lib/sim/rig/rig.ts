import { defaultOptions, type EngineOptions, type Log } from "../../engine/index.ts";
import type { Ids } from "../../engine/ports.ts";
import type { Viewer } from "../../model/index.ts";
import { type VirtualClock, virtualClock } from "../clock/virtual-clock.ts";
import { seededIds } from "../ids.ts";
import { createManagers, type Managers } from "../manager/managers.ts";
import { type SimulatedCloud, simulatedCloud } from "../simulated-cloud.ts";
import { type MemoryStore, memoryStore } from "../store/memory-store.ts";
import { openRepairOf, vmOfUuid } from "../store/tables.ts";
import { befall } from "../world/befall.ts";
import { type CloudSpec, demoCloud } from "../world/cloud-spec.ts";
import { type Action, befallBelay, isBelayAction, isManagerAction, isPersonAction } from "./actions.ts";
import { type Belay, createBelay, type Database } from "./belay.ts";
import { askFor, hostNamed } from "./people.ts";

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
  readonly managers: Managers;
  readonly ids: Ids;
  readonly log: readonly LogLine[];
  /** The engine's patience, by which it is measured. */
  readonly engine: EngineOptions;
  /** The sentence for what happened; undefined where it cannot happen now. */
  act(action: Action): Promise<string | undefined>;
  close(): void;
}

/** A day like any other, so that times in logs look like times. */
const firstMs = Date.UTC(2026, 0, 5, 8);

const fenceTimeoutMs = 5000;

/** Hosts are enrolled and Belay has not been started. */
export async function createRig(
  options: {
    hosts?: CloudSpec["hosts"];
    diskLocks?: boolean | undefined;
    seed?: number;
    engine?: Partial<EngineOptions>;
    database?: Database;
  } = {},
): Promise<Rig> {
  const { hosts = demoCloud.hosts, diskLocks, seed = 1, engine = {}, database = "drawn" } = options;
  const clock = virtualClock(firstMs);
  const ids = seededIds(seed, clock);
  const cloud = simulatedCloud({ clock, hosts, diskLocks, seed });
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
    database,
    ids,
  );

  const managers = createManagers({ store, world: cloud.world, ids, now: () => cloud.world.wall.at(clock.now()) });
  cloud.world.givenUp = (uuid) => {
    const vm = vmOfUuid(store.tables, uuid);
    const repair = vm && openRepairOf(store.tables, vm.id);
    // It is given back, or what was made of it is nobody's yet.
    const held = [...store.tables.allocations.values()].find((row) => row.allocation.uuid === uuid)?.allocation.state;
    if (held !== undefined && held !== "running") return true;
    if (vm?.wanted === "stopped") return true; // its owner wants it off, or gives it back
    if (!repair) return false;
    // Its group goes back together, those of it that were well too.
    if (repair.technique === "group-restore") return repair.steps.some((it) => it.name === "stop with the group");
    // Both agreed that it is made anew, or what its owner called for; or its owner's part failed, and it goes back.
    return repair.technique.startsWith("assisted-");
  };
  const people = { store, world: cloud.world, ids, by: provider, now: () => cloud.world.wall.at(clock.now()) };
  for (const it of cloud.world.hosts()) {
    const { name, uri, hostKeySha256, faultInjection, facts, rack, sharedPaths } = it;
    const known = { name, uri, hostKeySha256, faultInjection, rack, sharedPaths, ...facts };
    await store.service.enrolHost({ id: ids.next("hst"), ...known, enrolledAt: clock.now() }, provider, clock.now());
    for (const [index, { agent }] of it.switches.entries())
      await askFor(people, { do: "put-fence", host: name, device: index + 1, agent, timeoutMs: fenceTimeoutMs });
  }

  /** Nobody starts a VM by hand on a host that Belay does not use: the page says not to. */
  const mayBeStarted = ({ vm }: Extract<Action, { do: "person-starts" }>): boolean =>
    cloud.world
      .hosts()
      .filter((host) => host.power === "on" && [...host.domains.values()].some((it) => it.name === vm))
      .every((host) => ["in-use", "maintenance"].includes(hostNamed(store, host.name)?.standing ?? "in-use"));

  return {
    ...{ clock, cloud, store, belay, managers, ids, log, engine: { ...defaultOptions, ...engine } },
    async act(action) {
      if (isManagerAction(action)) {
        const words = await managers.befall(action);
        if (words !== undefined) cloud.world.tell(words);
        return words;
      }
      if (!isBelayAction(action) && !isPersonAction(action)) {
        if (action.do === "person-starts" && !mayBeStarted(action)) return undefined;
        return befall(cloud.world, action);
      }
      const words = isBelayAction(action) ? befallBelay(action, belay, cloud.world) : await askFor(people, action);
      if (words !== undefined) cloud.world.tell(words);
      return words;
    },
    close() {
      belay.kill();
      managers.close();
      cloud.close();
    },
  };
}
