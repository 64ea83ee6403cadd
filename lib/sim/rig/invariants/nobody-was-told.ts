import { groupKey, restartLimit } from "../../../decide/index.ts";
import { untouchedWithinMs } from "../../../engine/index.ts";
import type { VmId } from "../../../model/index.ts";
import { type IncidentRow, openRepairOf, type Tables } from "../../store/tables.ts";
import { carrierElsewhere, guestAnswers } from "../../world/run.ts";
import { graceMs, type Invariant, ownersTurn } from "./sight.ts";

/** The longest pause before the next repair of a VM that failed again: it is told when that pause is over. */
const longestPauseMs = Math.max(...restartLimit.backoffMs);

const isOwners = (tables: Readonly<Tables>, { layer, applicationId, vmId }: IncidentRow): boolean => {
  const report = applicationId === null ? undefined : tables.sensors.get(applicationId)?.report;
  return layer === "application" && report?.sensors.every((it) => it.vmId !== vmId || it.state === "ok") !== true;
};

/** A VM that is down and should run has an incident, and one that is well has none. */
export const nobodyWasTold: Invariant = ({ rig, tables, now, world, vms, hostOf, watched, openIncidents, lasts }) =>
  function* () {
    const pauseOf = (vm: VmId) => {
      for (const { begunAt } of tables.by.repairsOfVm.of(vm))
        if (begunAt !== null && begunAt > now() - restartLimit.withinMs - longestPauseMs) return longestPauseMs;
      return 0;
    };
    const incidents = openIncidents();
    for (const vm of vms()) {
      const host = hostOf(vm);
      const domain = host?.domains.get(vm.uuid);
      const can = watched(host);
      const incident = incidents.find((it) => it.vmId === vm.id);
      const byPerson = world.guest(vm.uuid)?.stoppedByPersonAt != null;
      // On its way to a host that cannot be asked: it may run there, and its move says that this is not clear.
      const target = vm.movingTo === null ? undefined : tables.hosts.get(vm.movingTo)?.host.uri;
      const unclear = target !== undefined && !watched(world.hostByUri(target));
      const bad = can && !unclear && domain?.state !== "running" && vm.wanted === "running" && !byPerson && !incident;
      if (lasts(`bad ${vm.id}`, bad, graceMs + (bad ? pauseOf(vm.id) : 0)))
        yield `5: ${vm.name} is ${domain?.state ?? "gone"} (${domain?.reason}) and nobody was told.`;
      // A guest without its network is well inside, and is not for who asks it over the network.
      const unreached = world.guest(vm.uuid)?.unplugged === true && vm.answerCheck.kind !== "agent";
      const answers = domain !== undefined && guestAnswers(world, domain) && !unreached;
      // Two copies that both are well are what the incident is about.
      const twice = incident?.cause === "two-copies" && host && carrierElsewhere(world, host, vm.uuid) !== undefined;
      // It is its owner's turn: they deploy their servers, answer, or mend what their sensors see. Those waits have ends of their own.
      const theirs = incident !== undefined && (isOwners(tables, incident) || ownersTurn(tables, vm.id));
      const well = incident !== undefined && !twice && !theirs && can && answers && vm.wanted === "running";
      // One that goes back with its group waits for each of the others, as long as the engine does.
      const inGroup = well && openRepairOf(tables, vm.id)?.technique === "group-restore";
      const members = inGroup ? vms().filter((it) => groupKey(it) === groupKey(vm)).length : 0;
      const waitsMs = inGroup ? untouchedWithinMs(rig.engine, members) : 0;
      if (lasts(`well ${vm.id}`, well, graceMs + waitsMs))
        yield `5: ${vm.name} is well and its incident is still ${incident?.state}: ${incident?.words}`;
    }
  };
