import { type Captured, CaptureFailed } from "../../engine/ports.ts";
import { type CaptureMethod, type CheckpointId, captureMethods } from "../../model/index.ts";
import type { SimDomain } from "../world/types.ts";
import type { World } from "../world/world.ts";
import type { SavedState } from "./saved.ts";

const bytesPerMib = 1024 * 1024;
/** Of an ordinary small web server: its disk, what it writes between two captures, and what compression leaves of that. */
const diskMiB = 1024;
const changes = 0.05;
const inUse = 0.4;
const compressed = 0.6;

export function sizesOf(
  domain: SimDomain,
  hasBase: boolean,
): Pick<Captured, "wholeBytes" | "changedBytes" | "storedBytes"> {
  const wholeBytes = (domain.memoryMiB + diskMiB) * bytesPerMib;
  const changedBytes = Math.round(wholeBytes * (hasBase ? changes : inUse));
  return { wholeBytes, changedBytes, storedBytes: Math.round(changedBytes * compressed) };
}

const fullWords = "The store has no room: what is kept stays restorable, and nothing new is kept until there is room.";

export function demandRoom(world: World): void {
  if (world.saved.full) throw new CaptureFailed("store-full", fullWords, "ENOSPC: no space left on device");
}

/** All of them or none. Data first, the manifest last: from now on they are there. */
export function commit(world: World, states: readonly SavedState[]): void {
  demandRoom(world);
  for (const state of states) {
    world.saved.states.set(state.id, state);
    world.saved.truth.set(state.id, { uuid: state.uuid, work: state.work });
  }
}

/** Pages that it shares with a damaged one are as damaged, unless somebody knew that and sent them anew. */
export function inheritsDamage(world: World, base: CheckpointId | null): boolean {
  const state = base === null ? undefined : world.saved.states.get(base);
  return state?.damaged === true && !state.knownDamaged;
}

export const methodWords: Record<CaptureMethod, string> = {
  background: "It stood still while its devices were saved; its memory was written while it ran.",
  live: "Its memory was written while it ran, and it stood still for the last of it.",
  stop: "It stood still until all of it was written.",
  "disk-only": "Only its disks were saved.",
};
export const savesMemory = (method: CaptureMethod): boolean => captureMethods[method].memory;
