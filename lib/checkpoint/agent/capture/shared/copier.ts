import { closeSync, openSync } from "node:fs";
import { pageBytes } from "../../../words.ts";
import type { Buffers, Remembered } from "../../memory/index.ts";
import type { Threads } from "../../threads/index.ts";
import type { SharedMemory } from "./find.ts";

/** Copies that are made at the same time; whoever comes then goes QEMU's way. */
const mostAtOnce = 2;

/** A guest that stood longer, on a host that has much to do, goes QEMU's way for a while: that hardly makes it stand, it makes it slow. */
const tooLongMs = 300;
const restMs = 10 * 60_000;

/** A copy of a guest's memory that is about to be made, or has been. */
export interface Copying {
  /** The guest must stand. Resolves when all of it is copied. */
  start(): Promise<void>;
  readonly bytes: Uint8Array;
  /** 1 for each page that is not as in that checkpoint; undefined where the host has not kept what that was. */
  changedSince(checkpoint: string | null): Promise<Uint8Array | undefined>;
  /** Of the copy's pages: four words each, zeros for one of zeros. */
  hashes(): Promise<Uint32Array>;
  /** It is that checkpoint, and stays as long as the host has memory to spare. */
  keep(checkpoint: string): void;
  /** Never rejects. */
  close(): Promise<void>;
}

/** Copies guests' memory while they stand: by several threads, into memory that the host has already given. */
export class Copier {
  readonly #threads: Threads;
  readonly #buffers: Buffers;
  readonly #remembered: Remembered;
  /** Until when a VM's memory is not copied. */
  readonly #resting = new Map<string, number>();
  #lent = 0;

  constructor(threads: Threads, buffers: Buffers, remembered: Remembered) {
    this.#threads = threads;
    this.#buffers = buffers;
    this.#remembered = remembered;
  }

  /** Makes everything ready while the guest runs. undefined: the host has no room for it now. */
  async ready(
    uuid: string,
    { file, sizeBytes }: Pick<SharedMemory, "file" | "sizeBytes">,
  ): Promise<Copying | undefined> {
    if (this.#lent >= mostAtOnce || performance.now() < (this.#resting.get(uuid) ?? 0)) return undefined;
    this.#resting.delete(uuid);
    this.#lent += 1;
    try {
      await this.#threads.begin();
      const memory = await this.#buffers.take(sizeBytes);
      if (memory === undefined) return undefined;
      try {
        const made = this.#copying(uuid, memory, openSync(file, "r"));
        this.#lent += 1; // its own
        return made;
      } catch (error) {
        this.#buffers.give(memory);
        throw error;
      }
    } finally {
      this.#lent -= 1;
    }
  }

  /** How long the guest stood in the end. */
  stood(uuid: string, ms: number): void {
    if (ms > tooLongMs) this.#resting.set(uuid, performance.now() + restMs);
  }

  #copying(uuid: string, memory: SharedArrayBuffer, fd: number): Copying {
    const sizeBytes = memory.byteLength;
    const pages = sizeBytes / pageBytes;
    let going: Promise<void> | undefined;
    let open = true;
    const close = async (then: () => void) => {
      if (!open) return;
      open = false;
      await going?.catch(() => undefined);
      closeSync(fd);
      this.#lent -= 1;
      then();
    };
    return {
      bytes: Buffer.from(memory, 0, sizeBytes),
      start: () => (going ??= this.#threads.read({ fd, into: memory }, 0, sizeBytes)),
      changedSince: (checkpoint) =>
        this.#remembered.use(uuid, checkpoint, async (before) => {
          if (before.byteLength !== sizeBytes) return undefined;
          const changed = new SharedArrayBuffer(pages);
          await this.#threads.compare({ before, after: memory, changed }, 0, sizeBytes);
          return new Uint8Array(changed);
        }),
      hashes: async () => {
        const hashes = new SharedArrayBuffer(pages * 16);
        await this.#threads.hash({ bytes: memory, hashes }, 0, sizeBytes);
        return new Uint32Array(hashes);
      },
      keep: (checkpoint) => void close(() => this.#remembered.keep(uuid, checkpoint, memory)),
      close: () => close(() => this.#buffers.give(memory)),
    };
  }
}
