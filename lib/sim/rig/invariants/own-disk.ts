import { techniques } from "../../../model/index.ts";
import { vmOfUuid } from "../../store/tables.ts";
import type { Invariant } from "./sight.ts";

/**
 * A repair that gives up its restores starts the VM from the VM's own disk, and never from the one that a restore of the same repair has
 * made: that is of the state that did not help, and what the VM did since would lie unused.
 */
export const ownDisk: Invariant = ({ tables, world, openRepairs }) => {
  let seen = 0;
  let seenRestores = 0;
  /** Disks that restores of a repair which has not ended have made. */
  const made = new Map<string, string>();
  return function* () {
    const rollsBack = (uuid: string) => {
      const vm = vmOfUuid(tables, uuid);
      return openRepairs().find((it) => it.vmId === vm?.id && techniques[it.technique].rollsBack);
    };
    for (; seenRestores < world.saved.restores.length; seenRestores++) {
      const restored = world.saved.restores[seenRestores];
      const repair = restored && rollsBack(restored.uuid);
      if (repair) made.set(restored.diskPath, repair.id);
    }
    for (; seen < world.starts.length; seen++) {
      const start = world.starts[seen];
      const repair = start && start.bootsFrom !== null ? rollsBack(start.uuid) : undefined;
      if (!start || start.bootsFrom === null || repair === undefined) continue;
      if (made.get(start.bootsFrom) === repair.id)
        yield `8: ${world.guest(start.uuid)?.name} was started from the disk of a checkpoint that had not helped, and its own lies unused.`;
    }
  };
};
