import type { Vm, VmState, VmStateReason } from "../model/index.ts";

/** What is written of a VM when it was seen last. */
export type Seen = Pick<Vm, "state" | "reason" | "runId" | "persistent" | "memoryMiB" | "vcpus">;

/** Of a VM that is in no run, as far as is known: what it is made of stays as it was. */
export const notRunning = (
  { persistent, memoryMiB, vcpus }: Pick<Vm, "persistent" | "memoryMiB" | "vcpus">,
  state: Extract<VmState, "missing" | "unknown" | "stopped">,
  reason: VmStateReason = "none",
): Seen => ({ state, reason, runId: null, persistent, memoryMiB, vcpus });
