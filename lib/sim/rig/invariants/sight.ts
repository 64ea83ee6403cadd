import type { Vm, VmId } from "../../../model/index.ts";
import { openIncidents, openRepairOf, openRepairs, type Tables } from "../../store/tables.ts";
import type { SimHost } from "../../world/types.ts";
import { answersNetwork, type World } from "../../world/world.ts";
import type { Rig } from "../rig.ts";

/** How long Belay may take over what it does at once, while it lives and the host is there: reconnect, scan, sweep, retries. */
export const graceMs = 20_000;

/** How long a person may wait for an answer, also where the host is silent. */
export const answerMs = 60_000;

/** What an invariant looks at: the truth of the world beside what Belay has written down. */
export interface Sight {
  readonly rig: Rig;
  readonly tables: Readonly<Tables>;
  readonly world: World;
  now(): number;
  belayLives(): boolean;
  vms(): Vm[];
  openIncidents: () => ReturnType<typeof openIncidents>;
  openRepairs: () => ReturnType<typeof openRepairs>;
  hostOf(vm: Vm): SimHost | undefined;
  /** Belay lives and the host can be watched by it: what is bad there is to be noticed. */
  watched(host: SimHost | undefined): host is SimHost;
  /** True once `key` has held at every look for longer than Belay may take. */
  lasts(key: string, holds: boolean, forMs?: number): boolean;
}

/** Steps of a repair together in which the provider waits for the owner. */
const ownersSteps = /^(answer$|ask the customer$|customer: )/;

/** A repair of the VM waits for its owner. */
export const ownersTurn = (tables: Readonly<Tables>, vm: VmId): boolean =>
  openRepairOf(tables, vm)?.steps.some((it) => it.state === "started" && ownersSteps.test(it.name)) === true;

/** An invariant of DESIGN.md: what is wrong now, each beginning with its number. It may remember what it saw before. */
export type Invariant = (sight: Sight) => () => Iterable<string>;

export function sightOf(rig: Rig): Sight {
  const { tables } = rig.store;
  const { world } = rig.cloud;
  /** Since when a thing has been so that may be so for a while only. */
  const since = new Map<string, number>();
  let sinceLife = 0;
  function approvedKey(uri: string): string | undefined {
    for (const { host, removed } of tables.hosts.values()) if (!removed && host.uri === uri) return host.hostKeySha256;
    return undefined;
  }
  const belayLives = () => rig.belay.aliveSince() !== undefined;
  return {
    ...{ rig, tables, world, belayLives },
    now: rig.clock.now,
    vms: () => [...tables.vms.values()].filter((row) => !row.removed).map((row) => row.vm),
    openIncidents: () => openIncidents(tables),
    openRepairs: () => openRepairs(tables),
    hostOf: (vm) => world.hostByUri(tables.hosts.get(vm.hostId)?.host.uri ?? ""),
    watched: (host): host is SimHost =>
      belayLives() &&
      host !== undefined &&
      answersNetwork(host, rig.clock.now()) &&
      host.libvirtd === "up" &&
      approvedKey(host.uri) === host.hostKeySha256,
    lasts(key, holds, forMs = graceMs) {
      // A Belay that was just started has all its time before it, also where its death was not looked at.
      const life = rig.belay.changes();
      if (life !== sinceLife) since.clear();
      sinceLife = life;
      if (!holds) {
        if (since.size > 0) since.delete(key);
        return false;
      }
      const first = since.get(key) ?? rig.clock.now();
      since.set(key, first);
      return rig.clock.now() - first > forMs;
    },
  };
}
