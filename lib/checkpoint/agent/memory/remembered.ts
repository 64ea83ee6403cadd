import type { Buffers } from "./buffers.ts";
import { overSpare } from "./room.ts";

const lookEveryMs = 15_000;

interface Kept {
  readonly checkpoint: string;
  readonly memory: SharedArrayBuffer;
  /** Somebody reads it. */
  readers: number;
}

/**
 * The main memory of guests as of their newest checkpoint, while the host has memory to spare: what changed since is found by comparing, and a
 * restore on the same host has nothing to wait for. Only convenient: it is given back when the host runs short, the oldest first, and the
 * agent's end is its end.
 */
export class Remembered {
  readonly #buffers: Buffers;
  readonly #over: () => Promise<number>;
  readonly #collect: () => void;
  readonly #kept = new Map<string, Kept>();
  #timer: NodeJS.Timeout | undefined;

  /** `collect` gives what was let go back to the host; `over`: how many bytes the host wants back. */
  constructor(buffers: Buffers, collect: () => void, over: () => Promise<number> = overSpare) {
    this.#buffers = buffers;
    this.#collect = collect;
    this.#over = over;
  }

  /** What is kept of the VM if it is of that checkpoint, for as long as `use` takes; undefined where it is not. */
  async use<T>(
    uuid: string,
    checkpoint: string | null,
    use: (memory: SharedArrayBuffer) => Promise<T>,
  ): Promise<T | undefined> {
    const found = this.#kept.get(uuid);
    if (found === undefined || found.checkpoint !== checkpoint) return undefined;
    found.readers += 1;
    try {
      return await use(found.memory);
    } finally {
      found.readers -= 1;
    }
  }

  checkpointOf(uuid: string): string | null {
    return this.#kept.get(uuid)?.checkpoint ?? null;
  }

  /** It is ours from here on; what was kept of the VM before is not any more. */
  keep(uuid: string, checkpoint: string, memory: SharedArrayBuffer): void {
    this.forget(uuid);
    this.#kept.set(uuid, { checkpoint, memory, readers: 0 });
    void this.#makeRoom();
    this.#timer ??= setInterval(() => void this.#makeRoom(), lookEveryMs).unref();
  }

  forget(uuid: string): void {
    const gone = this.#kept.get(uuid);
    if (gone === undefined) return;
    this.#kept.delete(uuid);
    if (gone.readers === 0) this.#buffers.give(gone.memory); // else it goes with its last reader
  }

  async #makeRoom(): Promise<void> {
    let over = await this.#over();
    const before = this.#kept.size;
    for (const [oldest, { memory }] of this.#kept) {
      if (over <= 0) break;
      this.#kept.delete(oldest); // not to the buffers: the host needs it
      over -= memory.byteLength;
    }
    if (this.#kept.size < before) this.#collect();
    if (this.#kept.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
