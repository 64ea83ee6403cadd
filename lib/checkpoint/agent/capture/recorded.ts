import { type FileHandle, open } from "node:fs/promises";
import { type MemoryBlock, memoryVolume, readSaveImageHead, StreamWalker } from "../../stream/index.ts";
import { pageBytes, type Volume } from "../../words.ts";
import { readFileAt } from "./backup.ts";
import { giveDevices } from "./memory.ts";
import type { CaptureContext } from "./method.ts";

const chunkBytes = 1024 * 1024;
const unset = -1;
const zero = 0;

/**
 * QEMU's stream in a file that libvirt saved: where a page may come more than once, and only its last coming counts. Read through once, for
 * where each page is; then each is given once. Memory: 8 bytes a page.
 */
export class RecordedStream {
  readonly #file: FileHandle;
  readonly #streamAt: number;
  readonly cookie: string | null;
  #blocks: readonly MemoryBlock[] = [];
  #head: Uint8Array = new Uint8Array();
  #places: Float64Array[] = [];
  readonly #tail: Buffer[] = [];

  private constructor(file: FileHandle, streamAt: number, cookie: string | null) {
    this.#file = file;
    this.#streamAt = streamAt;
    this.cookie = cookie;
  }

  static async open(path: string, signal: AbortSignal): Promise<RecordedStream> {
    const file = await open(path, "r");
    try {
      const head = await readHead(file);
      const made = new RecordedStream(file, head.streamAt, head.cookie);
      await made.#walk(signal);
      return made;
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get head(): Uint8Array {
    return this.#head;
  }

  get volumes(): readonly Volume[] {
    return this.#blocks.map(({ name, sizeBytes }) => ({ name: memoryVolume(name), kind: "memory", sizeBytes }));
  }

  async #walk(signal: AbortSignal): Promise<void> {
    const walker = new StreamWalker({
      onBlocks: (head, blocks) => {
        this.#head = head;
        this.#blocks = blocks;
        this.#places = blocks.map(({ sizeBytes }) => new Float64Array(sizeBytes / pageBytes).fill(unset));
      },
      onPage: (block, page, bytes, _, streamAt) => {
        const places = this.#places[block];
        if (places) places[page] = bytes ? this.#streamAt + streamAt : zero;
      },
      onTail: (bytes) => void this.#tail.push(Buffer.from(bytes)),
    });
    const chunk = Buffer.allocUnsafeSlow(chunkBytes);
    for (let at = this.#streamAt; ; ) {
      signal.throwIfAborted();
      const { bytesRead } = await this.#file.read(chunk, 0, chunkBytes, at);
      if (bytesRead === 0) break;
      walker.push(chunk.subarray(0, bytesRead));
      at += bytesRead;
    }
    walker.finish();
  }

  /** Every page once, then the devices' state. */
  async give({ differ, volume: onVolume, signal, behind }: CaptureContext): Promise<void> {
    const read = readFileAt(this.#file);
    const window = Buffer.allocUnsafeSlow(chunkBytes);
    for (const [index, volume] of this.volumes.entries()) {
      const of = differ.volume(volume);
      let windowAt = Number.NEGATIVE_INFINITY;
      for (const [page, place] of (this.#places[index] ?? []).entries()) {
        if (place <= zero) {
          if (place === zero) of.page(page, null, 0);
          continue;
        }
        // Pages mostly follow each other in the file, with a few bytes between them.
        if (place < windowAt || place + pageBytes > windowAt + chunkBytes) {
          signal.throwIfAborted();
          await behind();
          windowAt = place;
          await read(window, windowAt);
        }
        of.page(page, window, place - windowAt);
      }
      of.zeroUnseen();
      of.flush();
    }
    giveDevices(differ, Buffer.concat(this.#tail), onVolume);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function readHead(file: FileHandle): Promise<{ readonly streamAt: number; readonly cookie: string | null }> {
  const read = readFileAt(file);
  for (let size = 64 * 1024; size <= 32 * 1024 * 1024; size *= 8) {
    const bytes = Buffer.alloc(size);
    await read(bytes, 0);
    const head = readSaveImageHead(bytes);
    if (head) return head;
  }
  throw new Error("the save image's head is too large");
}
