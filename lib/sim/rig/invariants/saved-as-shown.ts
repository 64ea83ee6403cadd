import { type CheckpointId, type CheckpointStatus, checkpointEveryMsOf, type Vm } from "../../../model/index.ts";
import { type Restored, statesOf } from "../../checkpoints/saved.ts";
import { vmOfUuid } from "../../store/tables.ts";
import { graceMs, type Invariant, type Sight } from "./sight.ts";

/** How old the newest checkpoint of a VM may be that is shown as protected as chosen. */
const oldestMs = (everyMs: number, { keptEveryMs, tookMs }: CheckpointStatus): number =>
  2 * Math.max(everyMs, Math.min(keptEveryMs ?? 0, 10 * everyMs)) + (tookMs ?? 0) + graceMs;

const everyMsOf = ({ tables }: Sight, vm: Vm): number | null =>
  checkpointEveryMsOf(vm, vm.applicationId === null ? undefined : tables.applications.get(vm.applicationId));

/**
 * A VM whose saved states are shown without trouble has one that is no older than that means, and a replica that is shown as ready is there.
 * What is damaged and was not read since is known to nobody.
 */
export const savedAsShown: Invariant = (sight) => {
  const { tables, world, now, vms, belayLives, hostOf, watched, lasts } = sight;
  return function* () {
    if (tables.checkpointStatuses.size === 0) return;
    for (const vm of vms()) {
      const status = tables.checkpointStatuses.get(vm.id)?.status;
      if (!status || !belayLives()) continue;
      const everyMs = everyMsOf(sight, vm);
      const fine = everyMs !== null && status.trouble === null && vm.state === "running" && watched(hostOf(vm));
      const newest = fine ? statesOf(world.saved, vm.id).find((it) => !it.knownDamaged) : undefined;
      const limitMs = everyMs === null ? 0 : oldestMs(everyMs, status);
      // A Belay that was started since goes by a clock that was set back in between: to it the checkpoint is newer than it is.
      const misled = newest !== undefined && newest.captured.at - newest.takenAt > world.wall.at(now()) - now();
      const old = fine && !misled && status.lastAt !== null && !(newest && now() - newest.takenAt <= limitMs);
      if (lasts(`saved ${vm.id}`, old, 2000))
        yield `8: ${vm.name} is shown as saved every ${everyMs} ms, and its newest checkpoint is ${newest ? "old" : "gone"}.`;
      if (lasts(`none saved ${vm.id}`, fine && status.lastAt === null, limitMs))
        yield `8: nothing of ${vm.name} was ever saved, and no trouble is shown.`;
      const ready = [...world.saved.standbys.keys()].some((key) => key.endsWith(` ${vm.uuid}`));
      if (lasts(`standby ${vm.id}`, status.standby?.ready === true && !ready, graceMs))
        yield `8: a replica of ${vm.name} is shown as ready, and there is none.`;
    }
  };
};

/** A newer checkpoint was listed as valid, and nothing spoke against it: the first repair of a VM that did not hang takes the newest. */
function passedOver({ tables, world, openRepairs }: Sight, vm: Vm, restored: Restored): boolean {
  const repair = openRepairs().find((it) => it.vmId === vm.id);
  const incident = repair && tables.incidents.get(repair.incidentId);
  if (!incident || incident.cause === "hung" || [...tables.by.repairsOfVm.of(vm.id)].length > 1) return false;
  const takenAt = (id: CheckpointId) => world.saved.states.get(id)?.takenAt ?? Number.NEGATIVE_INFINITY;
  return [...tables.by.checkpointsOfVm.of(vm.id)].some(
    (it) => it.state === "valid" && takenAt(it.id) > restored.takenAt,
  );
}

/** A restored VM is in a state that it really was in, and loses no more than was promised while all was shown as well. */
export const lostAsPromised: Invariant = (sight) => {
  const { tables, world, openRepairs, hostOf, vms } = sight;
  let seen = 0;
  /** The status as it was shown while the VM ran for the last time. */
  const shown = new Map<Vm["id"], { readonly status: CheckpointStatus; readonly everyMs: number }>();
  return function* () {
    if (tables.checkpointStatuses.size === 0 && world.saved.restores.length === 0) return;
    for (; seen < world.saved.restores.length; seen++) {
      const restored = world.saved.restores[seen];
      const vm = restored && vmOfUuid(tables, restored.uuid);
      if (!vm) continue;
      if (!restored.real) yield `6: ${vm.name} was restored to a state that it never had.`;
      // What another VM of its group can go back to is not said in what is shown of this one.
      const called = openRepairs().some(
        (it) => it.vmId === vm.id && (it.technique === "assisted-restart" || it.technique === "group-restore"),
      );
      const again = world.saved.restores.slice(0, seen).some((it) => it.uuid === restored.uuid);
      const then = shown.get(vm.id);
      if (called || again || !restored.undamaged) continue;
      if (passedOver(sight, vm, restored)) yield `8: ${vm.name} went back further than its newest whole checkpoint.`;
      if (!then || then.status.trouble !== null) continue;
      if (restored.lostMs > oldestMs(then.everyMs, then.status))
        yield `8: ${vm.name} lost ${restored.lostMs} ms of work, and was shown as saved every ${then.everyMs} ms.`;
    }
    for (const vm of vms()) {
      const status = tables.checkpointStatuses.get(vm.id)?.status;
      const domain = hostOf(vm)?.domains.get(vm.uuid);
      const everyMs = everyMsOf(sight, vm);
      if (status && everyMs !== null && domain?.state === "running" && !domain.processGone)
        shown.set(vm.id, { status, everyMs });
      else if (everyMs === null) shown.delete(vm.id);
    }
  };
};
