import type { Invariant } from "./sight.ts";

/** What a decision rests on was read a moment earlier. */
const readAgoMs = 100;

/**
 * What a person stopped, or an owner does not want, is not started. Only in the middle of a repair a stop may be taken for a part of
 * the trouble: the repair was decided before it.
 */
export const againstAPerson: Invariant = ({ world, tables, now, vms, openIncidents }) => {
  let seenStarts = 0;
  const unwantedSince = new Map<string, number>();
  /** When an owner last asked for a VM that had been wanted off. */
  const wantedAgainAt = new Map<string, number>();
  return function* () {
    for (const { uuid, wanted } of vms())
      if (wanted === "running") {
        if (unwantedSince.delete(uuid)) wantedAgainAt.set(uuid, now());
      } else if (!unwantedSince.has(uuid)) unwantedSince.set(uuid, now());
    for (; seenStarts < world.starts.length; seenStarts++) {
      const start = world.starts[seenStarts];
      if (!start) continue;
      const against = start.stoppedByPersonAt ?? unwantedSince.get(start.uuid);
      if (against === undefined || against > start.at) continue;
      if ((wantedAgainAt.get(start.uuid) ?? 0) > against) continue;
      const open = openIncidents().find((it) => it.vmId !== null && tables.vms.get(it.vmId)?.vm.uuid === start.uuid);
      if (open === undefined || world.wall.toWorld(open.td) > against + readAgoMs)
        yield `3: Belay started ${world.guest(start.uuid)?.name}, which is wanted off.`;
    }
  };
};
