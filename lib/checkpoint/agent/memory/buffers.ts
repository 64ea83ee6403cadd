import { setImmediate as breathe } from "node:timers/promises";
import { pageBytes } from "../../words.ts";
import { hasRoomFor } from "./room.ts";

const stepBytes = 16 * 1024 * 1024;
/** What is not used for so long goes back to the host. */
const idleMs = 60_000;
const mostIdle = 2;

interface Idle {
  readonly memory: SharedArrayBuffer;
  readonly timer: NodeJS.Timeout;
}

/**
 * Has the host give all of it. Also where it had: when this process starts another one the kernel shares its memory with that for a moment
 * (fork(2)), and each page is then had again at its next writing. For 256 MiB that took 30 ms of a guest's standstill.
 */
async function touch(memory: SharedArrayBuffer): Promise<void> {
  const bytes = new Uint8Array(memory);
  for (let at = 0; at < bytes.length; ) {
    for (const end = Math.min(bytes.length, at + stepBytes); at < end; at += pageBytes) bytes[at] = 1;
    await breathe();
  }
}

/** Memory that the host has already given: what is written to it takes no longer than the writing. */
export class Buffers {
  readonly #idle: Idle[] = [];
  readonly #collect: () => void;

  /** `collect` gives what was let go back to the host. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }

  /** Its content is anything. undefined: the host has no room for it now. */
  async take(sizeBytes: number): Promise<SharedArrayBuffer | undefined> {
    const at = this.#idle.findIndex(({ memory }) => memory.byteLength === sizeBytes);
    const [found] = at < 0 ? [] : this.#idle.splice(at, 1);
    clearTimeout(found?.timer);
    if (found === undefined && !(await hasRoomFor(sizeBytes))) return undefined;
    const memory = found?.memory ?? new SharedArrayBuffer(sizeBytes);
    await touch(memory);
    return memory;
  }

  give(memory: SharedArrayBuffer): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((it) => it.memory === memory);
      if (at < 0) return;
      this.#idle.splice(at, 1);
      this.#collect();
    }, idleMs);
    timer.unref();
    this.#idle.push({ memory, timer });
    const surplus = this.#idle.length > mostIdle ? this.#idle.shift() : undefined;
    clearTimeout(surplus?.timer);
  }
}
