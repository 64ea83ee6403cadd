import { checkpointEveryMsOf, parseId } from "../../../model/index.ts";
import type { Invariant } from "./sight.ts";

/** The newest whole checkpoint of a VM that is protected by checkpoints is never forgotten. */
export const newestDropped: Invariant = ({ tables, world }) => {
  let seen = 0;
  return function* () {
    for (; seen < world.saved.newestDropped.length; seen++) {
      const id = parseId("vm", world.saved.newestDropped[seen]?.vmId ?? "");
      const row = id === undefined ? undefined : tables.vms.get(id);
      if (!row || row.removed) continue;
      const { vm } = row;
      const application = vm.applicationId === null ? undefined : tables.applications.get(vm.applicationId);
      if (checkpointEveryMsOf(vm, application) !== null)
        yield `8: the newest whole checkpoint of ${vm.name} was dropped.`;
    }
  };
};
