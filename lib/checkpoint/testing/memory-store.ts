import {
  type ByteStore,
  type CaptureEnd,
  type CaptureFacts,
  DamagedData,
  type PageBatch,
  pageBytes,
  type StoredCheckpoint,
  type Volume,
} from "../words.ts";

type Pages = Map<number, Uint8Array>;
interface Kept {
  readonly stored: StoredCheckpoint;
  readonly pages: ReadonlyMap<string, Pages>;
}

/** A store of bytes that forgets everything at its end, for tests of what is around it. */
export class MemoryStore implements ByteStore {
  readonly #kept = new Map<string, Kept>();
  readonly #damaged = new Set<string>();
  /** Pages that were read, in all. */
  pagesRead = 0;

  async put(frames: Parameters<ByteStore["put"]>[0]): Promise<StoredCheckpoint> {
    let facts: CaptureFacts | undefined;
    let end: CaptureEnd | undefined;
    const volumes = new Map<string, Volume>();
    const pages = new Map<string, Pages>();
    let bytes = 0;
    for await (const frame of frames) {
      switch (frame.kind) {
        case "facts": {
          facts = frame.facts;
          for (const volume of frame.volumes) volumes.set(volume.name, volume);
          const base = facts.base === null ? undefined : this.#must(facts.base);
          for (const [name, of] of base?.pages ?? []) pages.set(name, new Map(of));
          break;
        }
        case "volume":
          volumes.set(frame.volume.name, frame.volume);
          break;
        case "pages":
          bytes += frame.batch.data.length;
          place(frame.batch, pages);
          break;
        case "end":
          end = frame.end;
          break;
      }
    }
    if (facts === undefined || end === undefined) throw new Error("The capture was cut short.");
    let wholeBytes = 0;
    for (const of of pages.values()) wholeBytes += of.size * pageBytes;
    const stored: StoredCheckpoint = {
      damaged: null,
      facts,
      volumes: [...volumes.values()],
      end,
      wholeBytes,
      storedBytes: bytes,
      storedRawBytes: bytes,
    };
    this.#kept.set(facts.checkpoint, { stored, pages });
    return stored;
  }

  async list(vm: string): Promise<readonly StoredCheckpoint[]> {
    return [...this.#kept.values()]
      .map(({ stored }) => this.#known(stored))
      .filter(({ facts }) => facts.vm === vm)
      .reverse();
  }
  async get(checkpoint: string): Promise<StoredCheckpoint | undefined> {
    const kept = this.#kept.get(checkpoint);
    return kept && this.#known(kept.stored);
  }

  async bears(checkpoint: string): Promise<boolean> {
    return this.#kept.has(checkpoint) && !this.#damaged.has(checkpoint);
  }

  async *read(checkpoint: string, volume: string, since?: string): AsyncGenerator<PageBatch, void> {
    const now = this.#must(checkpoint).pages.get(volume) ?? new Map<number, Uint8Array>();
    const before = since === undefined ? undefined : (this.#must(since).pages.get(volume) ?? new Map());
    const numbers = [...new Set([...now.keys(), ...(before?.keys() ?? [])])].sort((a, b) => a - b);
    const changed = numbers.filter((it) => {
      const [page, old] = [now.get(it), before?.get(it)];
      return before === undefined || page === undefined || old === undefined || Buffer.compare(page, old) !== 0;
    });
    for (let i = 0; i < changed.length; i += 256) {
      if (this.#damaged.has(checkpoint)) throw new DamagedData(`${checkpoint} does not have its checksum`);
      const part = changed.slice(i, i + 256);
      const found = part.map((it) => now.get(it));
      this.pagesRead += part.length;
      yield {
        volume,
        numbers: Uint32Array.from(part),
        zero: Uint8Array.from(found, (page) => (page === undefined ? 1 : 0)),
        data: Buffer.concat(found.filter((page) => page !== undefined)),
      };
    }
  }

  async verify(checkpoint: string): Promise<boolean> {
    return this.#kept.has(checkpoint) && !this.#damaged.has(checkpoint);
  }
  async drop(checkpoints: readonly string[]): Promise<void> {
    for (const it of checkpoints) this.#kept.delete(it);
  }
  async collect() {
    return { freedBytes: 0 };
  }
  async stats() {
    return { usedBytes: 0, freeBytes: 1, checkpoints: this.#kept.size };
  }
  async standing() {
    const damaged = [...this.#damaged].flatMap((checkpoint) => {
      const vm = this.#kept.get(checkpoint)?.stored.facts.vm;
      return vm === undefined ? [] : [{ checkpoint, vm }];
    });
    return { store: "memory", unsure: [], damaged };
  }
  async close(): Promise<void> {}

  /** From now on this one does not have its checksum. */
  damage(checkpoint: string): void {
    this.#damaged.add(checkpoint);
  }

  /** Its disk's word was wrong once. */
  mend(checkpoint: string): void {
    this.#damaged.delete(checkpoint);
  }

  #known(stored: StoredCheckpoint): StoredCheckpoint {
    return this.#damaged.has(stored.facts.checkpoint) ? { ...stored, damaged: "It is damaged." } : stored;
  }

  #must(checkpoint: string): Kept {
    const found = this.#kept.get(checkpoint);
    if (found === undefined) throw new DamagedData(`${checkpoint} is not there`);
    return found;
  }
}

function place({ volume, numbers, zero, data }: PageBatch, into: Map<string, Pages>): void {
  const pages = into.get(volume) ?? new Map<number, Uint8Array>();
  into.set(volume, pages);
  let from = 0;
  numbers.forEach((number, i) => {
    if (zero[i] === 1) {
      pages.delete(number);
      return;
    }
    pages.set(number, Uint8Array.prototype.slice.call(data, from, from + pageBytes));
    from += pageBytes;
  });
}
