import type { MemoryTaker } from "../memory.ts";
import type { CaptureContext } from "../method.ts";
import { findShared } from "./find.ts";

/** The guest's main memory, copied while it stands; QEMU's stream leaves it out. */
export interface MemoryCopy {
  /** To be called when the guest stands; twice is once. */
  start(): Promise<void>;
  /** To be called when the stream has been read: what was copied is compared while the guest runs. */
  give(taker: MemoryTaker): Promise<void>;
  close(): Promise<void>;
}

/** undefined where this guest's memory cannot be copied, or the host has no room for it now: then QEMU writes it. */
export async function readyToCopy(context: CaptureContext): Promise<MemoryCopy | undefined> {
  const { monitor, copier, signal, behind } = context;
  const found = await findShared(monitor);
  if (!found.ok) return undefined;
  const copying = await copier.ready(found.memory);
  if (copying === undefined) return undefined;
  return {
    start: () => copying.start(),
    close: () => copying.close(),
    give: async (taker) => {
      const copied = { bytes: copying.bytes, hashes: await copying.hashes() };
      await taker.copied(found.memory.block, copied, async () => {
        signal.throwIfAborted();
        await behind();
        await new Promise((resolve) => setImmediate(resolve));
      });
      await copying.close();
    },
  };
}
