import type { Application, Vm } from "./entities.ts";
import type { CloudPolicy } from "./hosts.ts";
import type { CheckpointId, VmId } from "./ids.ts";
import { consentCovers } from "./techniques.ts";
import type { EpochMs } from "./time.ts";

/** How a VM's state is captured, best first. What each costs the guest is measured by `npm run bench -- checkpoint`. */
export const captureMethods = {
  background: {
    words: "The guest stops for a few milliseconds; its memory is written while it runs, as it was at that instant.",
    memory: true,
  },
  live: {
    words: "Memory and changes to it are written while the guest runs; it stops for the last of them.",
    memory: true,
  },
  stop: { words: "The guest stands still until all of it is written, as in the paper.", memory: true },
  "disk-only": { words: "Only the disks, as at a power cut: the guest boots when it is restored.", memory: false },
} as const satisfies Record<string, { words: string; memory: boolean }>;
export type CaptureMethod = keyof typeof captureMethods;
export const captureMethodNames = [
  "background",
  "live",
  "stop",
  "disk-only",
] as const satisfies readonly CaptureMethod[];

/** What the probe of a host and VM found: the best method that works there, and why not a better one. */
export interface CaptureOffer {
  /** null: none works; `words` say why. */
  readonly method: CaptureMethod | null;
  readonly words: string;
  /** Whether a restored guest's memory can be mapped instead of read. */
  readonly lazy: boolean;
}

export const checkpointStates = {
  valid: { words: "Whole, as far as it was read.", restorable: true },
  damaged: { words: "Something of it does not have its checksum: it is not restored from.", restorable: false },
} as const satisfies Record<string, { words: string; restorable: boolean }>;
export type CheckpointState = keyof typeof checkpointStates;
export const checkpointStateNames = ["valid", "damaged"] as const satisfies readonly CheckpointState[];

/** One saved state of a VM: memory, devices and disks of one instant. */
export interface Checkpoint {
  readonly id: CheckpointId;
  readonly vmId: VmId;
  /** The instant that it holds. */
  readonly at: EpochMs;
  readonly method: CaptureMethod;
  readonly state: CheckpointState;
  /** The VM's generation and run when it was taken. */
  readonly generation: number;
  readonly runId: number;
  /** How long the guest stood still for it, and how long the whole took. */
  readonly pauseMs: number;
  readonly tookMs: number;
  /** Memory and disks as they were; what differed from the checkpoint before (zero and equal pages left out); what of that was new to the store, compressed. */
  readonly wholeBytes: number;
  readonly changedBytes: number;
  readonly storedBytes: number;
  /** When every byte of it was last read and compared with its checksum; null: not since it was written. */
  readonly verifiedAt: EpochMs | null;
  /** A person asked for it: it is kept until a person lets it go. */
  readonly kept: boolean;
  readonly words: string;
}

/** How a VM's protection by checkpoints really stands, whatever was chosen. Invariant 8: never shown better than it is. */
export interface CheckpointStatus {
  readonly vmId: VmId;
  readonly offer: CaptureOffer | null;
  /** The newest valid one; null: none. */
  readonly lastAt: EpochMs | null;
  /** Time between the instants of the last two: what is really kept. null before there are two. */
  readonly keptEveryMs: number | null;
  /** Why it is not as chosen (a capture takes longer, the store is full, the host is silent), in words; null where it is. */
  readonly trouble: string | null;
  /** Whether a standby replica is ready on another host; null where none is asked for. */
  readonly standby: { readonly ready: boolean; readonly words: string } | null;
  /** A capture's mean cost, for the advice: what the guest loses, in ms of its time. */
  readonly costMs: number | null;
  readonly tookMs: number | null;
}

/** The interval that was chosen: the VM's own, else its application's; null: nothing is saved. Whom its owner does not want to repair it does not save it either. */
export function checkpointEveryMsOf(
  vm: Pick<Vm, "checkpointEveryMs">,
  application: Pick<Application, "mode" | "checkpointEveryMs"> | undefined,
): number | null {
  const mode = application?.mode ?? "provider";
  if (mode !== "provider" && mode !== "collaborative") return null;
  const everyMs = vm.checkpointEveryMs ?? application?.checkpointEveryMs ?? 0;
  return everyMs > 0 ? everyMs : null;
}

/** What the provider offers may have changed since somebody chose: the nearest that it offers now holds. */
export const withinCheckpointLimits = (
  everyMs: number,
  { checkpointLeastMs, checkpointMostMs }: Pick<CloudPolicy, "checkpointLeastMs" | "checkpointMostMs">,
): number => Math.max(checkpointLeastMs, Math.min(checkpointMostMs, everyMs));

/** What keeps saved states from being of use by themselves, in sentences for the VM's owner. */
export function checkpointCaveats(
  vm: Pick<Vm, "consent" | "rollbackIntolerant" | "checkpointEveryMs">,
  application: Pick<Application, "mode" | "checkpointEveryMs"> | undefined,
): string[] {
  const caveats: string[] = [];
  const chosen = (vm.checkpointEveryMs ?? application?.checkpointEveryMs ?? 0) > 0;
  if (chosen && checkpointEveryMsOf(vm, application) === null)
    caveats.push("Nothing is saved while its application is not protected by the provider.");
  if (vm.rollbackIntolerant)
    caveats.push(
      "It never goes back to an older state, as its owner declared: a saved state is only restored beside it.",
    );
  else if (!consentCovers(vm.consent, "roll-back"))
    caveats.push(
      "Its owner does not allow that it goes back by itself: a saved state is restored only when they call for it.",
    );
  return caveats;
}

/** At most ten events a second say of the whole cloud's VMs that a newer checkpoint is there, and at most one each 5 s of one VM. */
export const tellCheckpointsEveryMs = (vms: number): number => Math.max(5_000, vms * 100);

/** How many checkpoints of a VM people may keep: each one that is kept is room that retention never gives back. */
export const mostKeptCheckpoints = 32;

export const leastCheckpointEveryMs = 1_000;
export const mostCheckpointEveryMs = 24 * 60 * 60_000;
