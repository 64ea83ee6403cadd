import type { Incident, Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { movedByHand } from "../maintenance/moved-by-hand.ts";

/** What tells whether it was Belay that took the VM away. */
export type Taken = Pick<Incident, "hostId" | "partOf" | "repairs">;

/**
 * Belay itself had its host forget it, or gave it to the host that does not know it (yet, or any more): then nobody else has moved it. The repair of a
 * part of a host's failure only waits in "old host" for the proof: its host has let go of nothing. A group claims without a step in each one's repair.
 */
export const wasLetGo = ({ hostId, partOf, repairs }: Taken, vm: Pick<Vm, "hostId">): boolean =>
  repairs.some(
    ({ technique, steps }) =>
      (vm.hostId !== hostId && technique === "group-restore") ||
      steps.some(
        ({ name }) =>
          (partOf === null && name.startsWith("old host")) || (vm.hostId !== hostId && name.startsWith("claim")),
      ),
  );

/** For a VM that its own host does not know any more: why it must not be started or restored there, in words, where another host has it. */
export async function runsElsewhere(env: Env, vm: Vm): Promise<string | undefined> {
  const found = await movedByHand(env, vm);
  if (found === "clear") return undefined;
  return found === "moved"
    ? "It runs on another host: it was moved there by hand."
    : `${found.trouble} Look which one is to run.`;
}

/**
 * The same, and where nobody knows where it is. A start at home asks for no proof, and a person may have moved it while its host was not seen, or while
 * it was repaired. undefined for one that is gone because its process ended, as a transient one is.
 */
export async function goneFromHome(env: Env, vm: Vm, incident: Taken): Promise<string | undefined> {
  const elsewhere = await runsElsewhere(env, vm);
  if (elsewhere !== undefined || !vm.persistent || wasLetGo(incident, vm)) return elsewhere;
  return "Its host no longer knows it, so it may run elsewhere: to start it here could make two of it. Look where it is.";
}
