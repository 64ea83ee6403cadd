import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { decodePages, encodePages, FrameReader, pagesPerFrame } from "../../wire/index.ts";
import { type PageBatch, pageBytes } from "../../words.ts";

/** A batch in parts that fit in frames. */
export function* inFrames({ volume, numbers, zero, data }: PageBatch): Generator<PageBatch> {
  let from = 0;
  for (let first = 0; first < numbers.length; first += pagesPerFrame) {
    const part = zero.subarray(first, first + pagesPerFrame);
    let bytes = 0;
    for (const flag of part) if (flag === 0) bytes += pageBytes;
    yield {
      volume,
      numbers: numbers.subarray(first, first + pagesPerFrame),
      zero: part,
      data: data.subarray(from, from + bytes),
    };
    from += bytes;
  }
}

/** Changes that are written down before anything is changed: an end at any instant leaves the old state, or one that is made the new. */
export class RedoWriter {
  readonly #handle: FileHandle;
  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }
  static async create(file: string): Promise<RedoWriter> {
    return new RedoWriter(await open(file, "w", 0o600));
  }
  async write(batch: PageBatch): Promise<void> {
    for (const part of inFrames(batch)) await this.#handle.appendFile(Buffer.concat(encodePages(0, part)));
  }
  /** All of it is on disk. */
  async finish(): Promise<void> {
    await this.#handle.datasync();
    await this.#handle.close();
  }
  close(): Promise<void> {
    return this.#handle.close();
  }
}

export async function* readRedo(file: string): AsyncGenerator<PageBatch, void> {
  const reader = new FrameReader();
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
    const bytes: unknown = chunk;
    if (!(bytes instanceof Uint8Array)) continue;
    for (const { payload } of reader.push(bytes)) yield decodePages(payload).batch;
  }
}
