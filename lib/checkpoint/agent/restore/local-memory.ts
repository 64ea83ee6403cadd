import { open } from "node:fs/promises";
import type { Remembered } from "../memory/index.ts";
import type { Threads } from "../threads/index.ts";

/** What this host itself still knows of a guest's main memory. */
export interface LocalMemory {
  /** The checkpoint that it is of; null: nothing is known. */
  checkpointOf(uuid: string): string | null;
  /** Writes it into a file that has nothing yet. False where it is not of that checkpoint, and size, any more. */
  writeTo(
    file: string,
    of: { readonly uuid: string; readonly checkpoint: string; readonly sizeBytes: number },
  ): Promise<boolean>;
}

export const noLocalMemory: LocalMemory = { checkpointOf: () => null, writeTo: async () => false };

export const localMemory = (remembered: Remembered, threads: Threads): LocalMemory => ({
  checkpointOf: (uuid) => remembered.checkpointOf(uuid),
  writeTo: async (file, { uuid, checkpoint, sizeBytes }) => {
    const written = await remembered.use(uuid, checkpoint, async (bytes) => {
      if (bytes.byteLength !== sizeBytes) return false;
      const handle = await open(file, "r+");
      try {
        await threads.write({ fd: handle.fd, bytes }, 0, sizeBytes);
      } finally {
        await handle.close();
      }
      return true;
    });
    return written === true;
  },
});
