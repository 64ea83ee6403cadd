import { findDomain } from "../../../../libvirt/index.ts";
import { AgentFailure } from "../../failure.ts";
import type { MemoryTaker } from "../memory.ts";
import type { CaptureContext } from "../method.ts";
import { findShared } from "./find.ts";

/** QEMU has written so much in a moment, before anybody could be killed over it. */
const littleBytes = 4 * 1024 * 1024;

/** The guest's main memory, copied while it stands; QEMU's stream leaves it out. */
export interface MemoryCopy {
  /** To be called when the guest stands; twice is once. Throws where it is not the run any more that was found. */
  start(): Promise<void>;
  /** To be called when the stream has been read: what was copied is compared while the guest runs. */
  give(taker: MemoryTaker): Promise<void>;
  /** What QEMU still writes of the memory is ROMs: a guest without a screen. */
  leavesLittle(taker: MemoryTaker): boolean;
  /** How long the guest stood for it. */
  stood(ms: number): void;
  /** All of it is in the store. */
  keep(): void;
  close(): Promise<void>;
}

/** undefined where this guest's memory cannot be copied, or the host has no room for it now: then QEMU writes it. */
export async function readyToCopy(context: CaptureContext): Promise<MemoryCopy | undefined> {
  const { asked, base, monitor, copier, signal, behind } = context;
  const found = await findShared(monitor);
  if (!found.ok) return undefined;
  const copying = await copier.ready(asked.uuid, found.memory);
  if (copying === undefined) return undefined;
  const { block } = found.memory;
  const between = async () => {
    signal.throwIfAborted();
    await behind();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    start: async () => {
      const now = findDomain(monitor.connection, { uuid: asked.uuid });
      await Promise.all([copying.start(), now]);
      if ((await now)?.id !== found.memory.run)
        throw new AgentFailure("interrupted", "The VM was started anew meanwhile.");
    },
    leavesLittle: (taker) => (taker.bytesBeside(block) ?? Number.POSITIVE_INFINITY) <= littleBytes,
    stood: (ms) => copier.stood(asked.uuid, ms),
    keep: () => copying.keep(asked.checkpoint),
    close: () => copying.close(),
    give: async (taker) => {
      const { bytes } = copying;
      const changed = taker.knowsBase(block) ? await copying.changedSince(base) : undefined;
      if (changed === undefined) await taker.copied(block, { bytes, hashes: await copying.hashes() }, between);
      else await taker.changed(block, { bytes, changed }, between);
    },
  };
}
