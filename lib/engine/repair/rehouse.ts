import { relocationRefusal } from "../../decide/index.ts";
import type { Host, Incident, Vm } from "../../model/index.ts";
import type { StandbyFinder } from "../checkpoints/saved.ts";
import type { Env } from "../env.ts";
import { movesInHand } from "../maintenance/on-its-way.ts";
import { whereIs } from "../maintenance/where.ts";
import { HostUnreachable } from "../ports.ts";
import { goesOn } from "./group/standing.ts";
import { isLeftToPeople } from "./left-to-people.ts";
import type { Places } from "./places.ts";
import { placesFor } from "./places-for.ts";

/** A VM for which so many repairs failed is left to people. */
const repairsAtMost = 5;

const isWorkedOn = (incident: Incident) => incident.repairs.some((it) => it.finishedAt === null);

/**
 * VMs of hosts that are proven off, for which there was no room, or whose owners did not allow it: tried again, for what is free, or allowed, has
 * changed. Gives whether any repair was planned.
 */
export async function rehouse(
  env: Env,
  places: Places,
  standbys: StandbyFinder,
  hosts: readonly Host[],
): Promise<boolean> {
  const { store, clock } = env;
  const off = new Set(hosts.filter((host) => host.standing === "fenced").map((host) => host.id));
  if (off.size === 0) return false;
  let planned = 0;
  for (const incident of await store.openHostIncidents()) {
    if (!off.has(incident.hostId) || incident.cause !== "host-dead" || isWorkedOn(incident)) continue;
    const movable: { readonly part: Incident; readonly vm: Vm }[] = [];
    for (const { incident: part, vm } of await store.partsOf(incident.id)) {
      if (vm.hostId !== incident.hostId || part.state !== "handed-over" || isWorkedOn(part)) continue;
      if (part.repairs.length >= repairsAtMost || isLeftToPeople(part)) continue;
      if (relocationRefusal(vm, await store.modeOf(vm.id)) === undefined) movable.push({ part, vm });
    }
    if (movable.length === 0) continue;
    const lost = movable.map(({ part, vm }) => ({ vm, incident: part }));
    const found = await placesFor(env, places, standbys, lost, new Set([incident.hostId]));
    const plans = movable.flatMap(({ part, vm }) => {
      const place = found.get(vm.id);
      if (place === undefined || "refusal" in place) return [];
      places.reserve(vm, place.host);
      const { technique, words } = goesOn(part, place.plan) ?? place.plan;
      return [
        {
          incidentId: part.id,
          plan: { technique, words: `There is a place for it now: ${words.charAt(0).toLowerCase()}${words.slice(1)}` },
        },
      ];
    });
    if (plans.length > 0) planned += (await store.planRelocations(plans, clock.now())).length;
  }
  return planned > 0;
}

/** VMs that are written down as being moved though nobody moves them any more, and no drain will look: where they are is found out. */
export async function settleLeftovers(env: Env, vms: readonly Vm[]): Promise<void> {
  const { store, clock } = env;
  const left = vms.filter((vm) => vm.movingTo !== null && !movesInHand(env).has(vm.id));
  if (left.length === 0) return;
  const drained = new Set((await store.openMaintenances()).map(({ hostId }) => hostId));
  for (const { id } of left) {
    const vm = await store.vm(id);
    if (vm === undefined || vm.movingTo === null || drained.has(vm.hostId) || movesInHand(env).has(id)) continue;
    const where = await whereIs(env, vm, vm.hostId, vm.movingTo).catch((error: unknown) => {
      if (error instanceof HostUnreachable) return "unknown" as const;
      throw error;
    });
    if (where === "there") await store.recordMoved(id, vm.movingTo, "It was moved here while it ran.", clock.now());
    if (where === "here") await store.recordMoving(id, null, clock.now());
  }
}
