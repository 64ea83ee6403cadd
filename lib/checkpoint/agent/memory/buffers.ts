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

/** Memory that the host has already given: what is written to it takes no longer than the writing. */
export class Buffers {
  readonly #idle: Idle[] = [];

  /** Its content is anything. undefined: the host has no room for it now. */
  async take(sizeBytes: number): Promise<SharedArrayBuffer | undefined> {
    const at = this.#idle.findIndex(({ memory }) => memory.byteLength === sizeBytes);
    const [found] = at < 0 ? [] : this.#idle.splice(at, 1);
    if (found !== undefined) {
      clearTimeout(found.timer);
      return found.memory;
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

  give(memory: SharedArrayBuffer): void {
    const timer = setTimeout(() => {
      const at = this.#idle.findIndex((it) => it.memory === memory);
      if (at >= 0) this.#idle.splice(at, 1);
    }, idleMs);
    timer.unref();
    this.#idle.push({ memory, timer });
    const surplus = this.#idle.length > mostIdle ? this.#idle.shift() : undefined;
    clearTimeout(surplus?.timer);
  }
}
