import { writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type PageBatch, pageBytes } from "../../words.ts";

const readBytes = 1024 * 1024;
const zeroPage = Buffer.alloc(pageBytes);

/** A volume as a sparse file: page n at n × 4096. */
export class PageFile {
  readonly #handle: FileHandle;
  readonly #sizeBytes: number;
  /** In memory: a write never waits, so it is done at once. */
  readonly #atOnce: boolean;
  /** It has no older content: zero pages need not be written. */
  readonly #fresh: boolean;

  private constructor(handle: FileHandle, sizeBytes: number, options: { atOnce: boolean; fresh: boolean }) {
    this.#handle = handle;
    this.#sizeBytes = sizeBytes;
    this.#atOnce = options.atOnce;
    this.#fresh = options.fresh;
  }

  static async open(
    path: string,
    sizeBytes: number,
    options: { readonly atOnce: boolean; readonly fresh: boolean },
  ): Promise<PageFile> {
    const handle = await open(path, options.fresh ? "wx" : "r+", 0o600);
    await handle.truncate(sizeBytes);
    return new PageFile(handle, sizeBytes, options);
  }

  async write({ numbers, zero, data }: PageBatch): Promise<void> {
    let from = 0;
    for (let i = 0; i < numbers.length; ) {
      const first = numbers[i] ?? 0;
      const isZero = zero[i] === 1;
      let count = 1;
      while (i + count < numbers.length && numbers[i + count] === first + count && (zero[i + count] === 1) === isZero)
        count += 1;
      i += count;
      if (!isZero) {
        await this.#put(data.subarray(from, from + count * pageBytes), first * pageBytes);
        from += count * pageBytes;
      } else if (!this.#fresh)
        for (let page = first; page < first + count; page++) await this.#put(zeroPage, page * pageBytes);
    }
  }

  async #put(bytes: Uint8Array, position: number): Promise<void> {
    const end = Math.min(bytes.length, this.#sizeBytes - position); // the last page may reach beyond its volume
    if (end <= 0) return;
    for (let at = 0; at < end; ) {
      if (this.#atOnce) at += writeSync(this.#handle.fd, bytes, at, end - at, position + at);
      else at += (await this.#handle.write(bytes, at, end - at, position + at)).bytesWritten;
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }
  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** The pages of such a file that are not zero. */
export async function* pagesOf(path: string, volume: string): AsyncGenerator<PageBatch, void> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    for (let at = 0; at < size; at += readBytes) {
      const chunk = Buffer.alloc(Math.ceil(Math.min(readBytes, size - at) / pageBytes) * pageBytes);
      await handle.read(chunk, 0, chunk.length, at);
      const numbers: number[] = [];
      const parts: Uint8Array[] = [];
      for (let page = 0; page < chunk.length; page += pageBytes) {
        if (chunk.compare(zeroPage, 0, pageBytes, page, page + pageBytes) === 0) continue;
        numbers.push((at + page) / pageBytes);
        parts.push(chunk.subarray(page, page + pageBytes));
      }
      if (numbers.length === 0) continue;
      const data = numbers.length * pageBytes === chunk.length ? chunk : Buffer.concat(parts);
      yield { volume, numbers: Uint32Array.from(numbers), zero: new Uint8Array(numbers.length), data };
    }
  } finally {
    await handle.close();
  }
}
