import type { Invariant } from "./sight.ts";

/** What a decision rests on was read a moment earlier. */
const readAgoMs = 100;

/**
 * What a person stopped, or an owner does not want, is not started. Only in the middle of a repair a stop may be taken for a part of
 * the trouble: the repair was decided before it.
 *
 * Who calls for a saved state of a VM asks for it to run from there, whatever stopped it before.
 *
 * Three things nobody can know. libvirt starts a domain some time after it was asked to: who is at the host may start and stop it in between, and
 * the request is under way. libvirt does not say when a domain was switched off, nor how often: of one that was off when its owner asked for it, and
 * that somebody starts and stops again before Belay has ever seen it run, it says the same as before, and the owner's word stands. And
 * of a transient domain libvirt keeps nothing once it has ended: when its host was lost, and nobody heard libvirt meanwhile, a person's stop looks as the end of its process does, or as the stop by the host's own helper. Those are what a lost host brings, and
 * the VM is wanted; to leave each such VM off would leave off what the host's failure ended. Where the host was not lost Belay starts none of these.
 */
export const againstAPerson: Invariant = ({ world, tables, now, vms, openIncidents }) => {
  let seenStarts = 0;
  const unwantedSince = new Map<string, number>();
  /** When an owner last asked for a VM that had been wanted off. */
  const wantedAgainAt = new Map<string, number>();
  /** Since when it is written down as switched off by hand. */
  const knownOffSince = new Map<string, number>();
  return function* () {
    for (const { uuid, state, reason } of vms())
      if (state !== "stopped" || reason !== "destroyed") knownOffSince.delete(uuid);
      else if (!knownOffSince.has(uuid)) knownOffSince.set(uuid, now());
    for (const { uuid, wanted } of vms())
      if (wanted === "running") {
        if (unwantedSince.delete(uuid)) wantedAgainAt.set(uuid, now());
      } else if (!unwantedSince.has(uuid)) unwantedSince.set(uuid, now());
    for (; seenStarts < world.starts.length; seenStarts++) {
      const start = world.starts[seenStarts];
      if (!start) continue;
      const against = start.stoppedByPersonAt ?? unwantedSince.get(start.uuid);
      if (against === undefined || against > start.at) continue;
      const wantedAgain = wantedAgainAt.get(start.uuid);
      if (wantedAgain !== undefined && wantedAgain > against) continue;
      const offBefore = knownOffSince.get(start.uuid);
      if (wantedAgain !== undefined && offBefore !== undefined && offBefore < wantedAgain) continue;
      if (start.atHome !== undefined && against >= start.atHome.askedAt - readAgoMs) continue;
      const open = openIncidents().find((it) => it.vmId !== null && tables.vms.get(it.vmId)?.vm.uuid === start.uuid);
      const gone = start.stoppedByPersonAt !== null && start.atHome?.known === false;
      if (gone && open?.cause === "host-lost") continue;
      if (open?.cause === "called-restore") continue;
      if (open === undefined || world.wall.toWorld(open.td) > against + readAgoMs)
        yield `3: Belay started ${world.guest(start.uuid)?.name}, which is wanted off.`;
    }
  };
};
