import { type HeldRestore, type HeldState, HypervisorRefused } from "../../engine/ports.ts";
import { resumeDomain } from "../../libvirt/index.ts";
import type { HostId } from "../../model/index.ts";
import { announce, setClock } from "../agent/restore/awake.ts";
import { heldStateOf } from "../agent/restore/look.ts";
import { asHostError } from "./failures.ts";
import type { HostShell } from "./shell.ts";

const resumeMs = 5_000;

/** Asked of libvirt itself: what is held stands there whether an agent lives or not. */
export async function heldState(shell: HostShell, target: HostId, { vm, ...of }: HeldRestore): Promise<HeldState> {
  try {
    return await heldStateOf(shell.libvirt(target), vm.uuid, of);
  } catch (error) {
    throw asHostError(error);
  }
}

/** Over the connection that is open, in one call: others of its group are let go in the same moment. */
export async function letGo(shell: HostShell, target: HostId, { vm: { uuid }, ...of }: HeldRestore) {
  try {
    const connection = shell.libvirt(target);
    const state = await heldStateOf(connection, uuid, of);
    if (state === "gone") throw new HypervisorRefused("What was held there is not there any more.");
    const held = state !== "runs";
    if (held) await resumeDomain(connection, { uuid }, { timeoutMs: resumeMs });
    // Also of one that runs: where the answer was lost, its clock and its place are still to be told. Both may be told twice.
    void setClock(connection, uuid); // tried for a while, and it works meanwhile
    await announce(connection, uuid);
    return held ? { done: true, words: "It was let go." } : { done: false, words: "It runs already." };
  } catch (error) {
    throw asHostError(error);
  }
}
