import type { Captured } from "../../engine/ports.ts";
import type { CheckpointId, EpochMs } from "../../model/index.ts";
import type { SavedMemory } from "../world/run.ts";
import type { Work } from "../world/work.ts";

/** A checkpoint as it lies in the simulated store of bytes. */
export interface SavedState {
  readonly id: CheckpointId;
  readonly vmId: string;
  readonly uuid: string;
  readonly takenAt: EpochMs;
  /** Which store it lies in. */
  readonly store: string;
  readonly captured: Captured;
  readonly work: Work;
  /** null: only the disks were saved. */
  readonly memory: SavedMemory | null;
  /** Whose pages hold where this one has none of its own. */
  readonly base: CheckpointId | null;
  /** Some of its bytes are not what they were. Nobody knows until they are read. */
  damaged: boolean;
  /** Somebody read them. */
  knownDamaged: boolean;
  /** Its key, or its disk, is away: it cannot be read now, and is well. */
  isUnsure: boolean;
}

/** What a capture that was cut short left on a host. */
interface Leftover {
  /** Job and capability of the QEMU process that it was of: gone with that. Files stay. */
  readonly runId: number | null;
  readonly since: EpochMs;
}

interface HeldRun {
  readonly host: string;
  readonly runId: number | null;
  readonly checkpoint: CheckpointId;
  /** What was left of its boot when it was saved. */
  readonly answersInMs: number;
}

/** One under way. Ended from outside: by the death of its agent, which leaves things behind, or by its being told to stop. */
interface RunningCapture {
  readonly host: string;
  readonly uuid: string;
  agentDies(): void;
  stop(): void;
}

export interface Restored {
  readonly uuid: string;
  readonly checkpoint: CheckpointId;
  /** The disk that it made and runs from. */
  readonly diskPath: string;
  readonly host: string;
  readonly at: EpochMs;
  readonly takenAt: EpochMs;
  /** What the guest had done before and has to do again. */
  readonly lostMs: number;
  /** It is a state that the guest really had. */
  readonly real: boolean;
  /** Nothing was ever wrong with what the store held of it. */
  readonly undamaged: boolean;
}

/** What befalls the next capture on a host (of any, where none is named), so long after it began. */
interface CapturePlan {
  readonly host: string | undefined;
  readonly afterMs: number;
  readonly happens: () => void;
}

/** Checkpoints, and what there is in the cloud because of them. It outlives every death of Belay. */
export interface Saved {
  /** In the order in which they came. */
  readonly states: Map<CheckpointId, SavedState>;
  /** Every state that a guest was saved in, also those that are forgotten: what it really was at an instant. */
  readonly truth: Map<CheckpointId, { readonly uuid: string; readonly work: Work }>;
  full: boolean;
  /** The one that is there now: another where the disk of the first is not mounted. */
  store: string;
  /** Added to what each capture takes. */
  slowMs: number;
  readonly captures: Map<string, RunningCapture>;
  readonly plans: CapturePlan[];
  /** How often captures were spared: what was planned before does not happen. */
  spared: number;
  /** By host and UUID. */
  readonly leftovers: Map<string, Leftover>;
  /** Guests that stand still because of us, by UUID, and where. */
  readonly held: Map<string, { readonly host: string; readonly runId: number | null; readonly since: EpochMs }>;
  /** Runs that a restore made and holds, or has held, by UUID: loaded, its CPUs stopped until it is let go. */
  readonly heldRuns: Map<string, HeldRun>;
  /** In the order in which restored guests went on: at once, or when they were let go. Not those that a person resumed. */
  readonly went: { readonly uuid: string; readonly checkpoint: CheckpointId; readonly at: EpochMs }[];
  /** By host: so many of the next restores there are refused. */
  readonly refusals: Map<string, number>;
  /** Replicas that stand by, by host and UUID. They run nothing. */
  readonly standbys: Map<string, CheckpointId>;
  readonly restores: Restored[];
  /** When a person detached a second disk of a guest, by UUID: what was saved before has it in it. */
  readonly detached: Map<string, EpochMs>;
  /** In the names of disks that restores made. */
  disksMade: number;
  /** Each time when the newest checkpoint of a VM was dropped that nobody could know as damaged. */
  readonly newestDropped: { readonly vmId: string; readonly at: EpochMs }[];
}

export const createSaved = (): Saved => ({
  ...{
    states: new Map(),
    truth: new Map(),
    full: false,
    store: "sim-1",
    slowMs: 0,
    captures: new Map(),
    plans: [],
    spared: 0,
  },
  ...{
    leftovers: new Map(),
    held: new Map(),
    ...{ heldRuns: new Map(), went: [], refusals: new Map() },
    standbys: new Map(),
    restores: [],
    detached: new Map(),
    disksMade: 0,
    newestDropped: [],
  },
});

export const placeKey = (host: string, uuid: string): string => `${host} ${uuid}`;

/** Its memory is lost: replicas lie there. */
export function hostForgets(saved: Saved, host: string): void {
  for (const key of saved.standbys.keys()) if (key.startsWith(`${host} `)) saved.standbys.delete(key);
}

/** Of the VM, newest first, as far as they can be read now. */
export const statesOf = (saved: Saved, vmId: string): SavedState[] =>
  [...saved.states.values()]
    .filter((it) => it.vmId === vmId && it.store === saved.store && !it.isUnsure)
    .sort((a, b) => b.takenAt - a.takenAt);
