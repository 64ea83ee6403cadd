import { closeSync, openSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import { pageBytes } from "../../../words.ts";
import type { Threads } from "../../threads/index.ts";
import { hasRoomFor, type SharedMemory } from "./find.ts";

const stepBytes = 16 * 1024 * 1024;
/** What is not used for so long goes back to the host. */
const idleMs = 60_000;
/** Captures that want a copy at the same time, and are made one after the other otherwise. */
const mostBuffers = 2;

/** A copy of a guest's memory that is about to be made, or has been. */
export interface Copying {
  /** The guest must stand. Resolves when all of it is copied. */
  start(): Promise<void>;
  readonly bytes: Uint8Array;
  /** Of the copy's pages: four words each, zeros for one of zeros. */
  hashes(): Promise<Uint32Array>;
  /** It is not needed any more. Never rejects. */
  close(): Promise<void>;
}

interface Kept {
  readonly memory: SharedArrayBuffer;
  readonly timer: NodeJS.Timeout;
}

/**
 * Copies guests' memory while they stand: by several threads, into memory that the host has already given, so that it takes little more than
 * the reading. Some hundred MiB stay in use between two captures.
 */
export class Copier {
  readonly #threads: Threads;
  readonly #kept: Kept[] = [];
  #lent = 0;

  constructor(threads: Threads) {
    this.#threads = threads;
  }

  /** Makes everything ready while the guest runs. undefined: the host has no room for it now. */
  async ready({ file, sizeBytes }: SharedMemory): Promise<Copying | undefined> {
    if (this.#lent >= mostBuffers) return undefined;
    this.#lent += 1;
    const memory = await this.#take(sizeBytes).catch(() => undefined);
    if (memory === undefined) {
      this.#lent -= 1;
      return undefined;
    }
    let fd: number;
    try {
      fd = openSync(file, "r");
    } catch (error) {
      this.#give(memory);
      throw error;
    }
    this.#threads.begin();
    let going: Promise<void> | undefined;
    let open = true;
    return {
      bytes: Buffer.from(memory, 0, sizeBytes),
      start: () => (going ??= this.#threads.read({ fd, into: memory }, 0, sizeBytes)),
      hashes: async () => {
        const hashes = new SharedArrayBuffer((sizeBytes / pageBytes) * 16);
        await this.#threads.hash({ bytes: memory, hashes }, 0, sizeBytes);
        return new Uint32Array(hashes);
      },
      close: async () => {
        if (!open) return;
        open = false;
        await going?.catch(() => undefined);
        closeSync(fd);
        this.#give(memory);
      },
    };
  }

  async #take(sizeBytes: number): Promise<SharedArrayBuffer | undefined> {
    const at = this.#kept.findIndex(({ memory }) => memory.byteLength === sizeBytes);
    const [kept] = at < 0 ? [] : this.#kept.splice(at, 1);
    if (kept !== undefined) {
      clearTimeout(kept.timer);
      return kept.memory;
    }
    if (!(await hasRoomFor(sizeBytes))) return undefined;
    const memory = new SharedArrayBuffer(sizeBytes);
    const bytes = new Uint8Array(memory);
    for (let at = 0; at < sizeBytes; ) {
      for (const end = Math.min(sizeBytes, at + stepBytes); at < end; at += pageBytes) bytes[at] = 1;
      await breathe();
    }
    return memory;
  }

  #give(memory: SharedArrayBuffer): void {
    this.#lent -= 1;
    const timer = setTimeout(() => {
      const at = this.#kept.findIndex((it) => it.memory === memory);
      if (at >= 0) this.#kept.splice(at, 1);
    }, idleMs);
    timer.unref();
    this.#kept.push({ memory, timer });
    const surplus = this.#kept.length > mostBuffers ? this.#kept.shift() : undefined;
    clearTimeout(surplus?.timer);
  }
}
