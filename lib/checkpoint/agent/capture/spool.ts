import { type FileHandle, open, rm } from "node:fs/promises";
import { decodePages, encodePages } from "../../wire/index.ts";
import type { PageBatch } from "../../words.ts";

/** So much waits in memory; what is more goes to a file. */
const mostInMemory = 48 * 1024 * 1024;
const headerBytes = 5;
/** So much may wait to be written to the file: beyond it the host's memory would hold what its disk cannot take. */
const mostUnwritten = 128 * 1024 * 1024;
/** Between two looks at the room that the file's disk has. */
const lookEvery = 64 * 1024 * 1024;

type Item<T> = { readonly kind: "batch"; readonly batch: PageBatch } | { readonly kind: "note"; readonly note: T };

/**
 * What a capture has found and the engine has not yet taken, in order. QEMU must never wait for a slow connection: a guest that writes to
 * a page which is not saved yet stands still until it is. So whatever comes is taken at once, into a file where need be.
 */
export class Spool<T> {
  readonly #path: string;
  readonly #queue: (Item<T> | { readonly kind: "filed"; readonly at: number; readonly bytes: number })[] = [];
  #inMemory = 0;
  #fileAt = 0;
  #unwritten = 0;
  #lookAt = 0;
  #file: Promise<FileHandle> | undefined;
  #written: Promise<unknown> = Promise.resolve();
  #ended = false;
  #error: unknown;
  #wake = () => {};
  /** Bytes of pages given to it. */
  pageBytes = 0;

  readonly #mayWrite: (bytes: number) => Promise<void>;

  /** `mayWrite` throws where so much more must not be written: other guests' disks are there, too. */
  constructor(path: string, mayWrite: (bytes: number) => Promise<void> = async () => {}) {
    this.#path = path;
    this.#mayWrite = mayWrite;
  }

  /** To be waited for before more is read, where there is something: the disk is slower than what comes. Never rejects. */
  get behind(): Promise<void> | undefined {
    if (this.#unwritten <= mostUnwritten || this.#error !== undefined) return undefined;
    return this.#written.then(
      () => undefined,
      () => undefined,
    );
  }

  /** Of what was given to it and is not taken yet, that which waits in memory. */
  get waitingBytes(): number {
    return this.#inMemory;
  }

  batch(batch: PageBatch): void {
    this.pageBytes += batch.data.length;
    if (this.#inMemory + batch.data.length <= mostInMemory) {
      this.#inMemory += batch.data.length;
      this.#queue.push({ kind: "batch", batch });
    } else this.#toFile(batch);
    this.#wake();
  }

  note(note: T): void {
    this.#queue.push({ kind: "note", note });
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #toFile(batch: PageBatch): void {
    const bytes = Buffer.concat(encodePages(0, batch)).subarray(headerBytes);
    const at = this.#fileAt;
    this.#fileAt += bytes.length;
    this.#queue.push({ kind: "filed", at, bytes: bytes.length });
    this.#file ??= open(this.#path, "wx+", 0o600);
    const file = this.#file;
    this.#unwritten += bytes.length;
    this.#written = this.#written.then(async () => {
      if (at >= this.#lookAt) {
        await this.#mayWrite(lookEvery);
        this.#lookAt = at + lookEvery;
      }
      await (await file).write(bytes, 0, bytes.length, at);
      this.#unwritten -= bytes.length;
    });
    this.#written.catch((error: unknown) => {
      this.#error = error;
      this.#wake();
    });
  }

  async *items(signal: AbortSignal): AsyncGenerator<Item<T>> {
    const onAbort = () => this.#wake();
    signal.addEventListener("abort", onAbort);
    try {
      for (;;) {
        signal.throwIfAborted();
        if (this.#error !== undefined) throw this.#error;
        const first = this.#queue.shift();
        if (!first) {
          if (this.#ended) return;
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        } else if (first.kind === "filed") yield { kind: "batch", batch: await this.#fromFile(first) };
        else {
          if (first.kind === "batch") this.#inMemory -= first.batch.data.length;
          yield first;
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #fromFile({ at, bytes }: { readonly at: number; readonly bytes: number }): Promise<PageBatch> {
    await this.#written;
    const into = Buffer.allocUnsafeSlow(bytes);
    const { bytesRead } = (await (await this.#file)?.read(into, 0, bytes, at)) ?? { bytesRead: 0 };
    if (bytesRead !== bytes) throw new Error(`${this.#path} is shorter than what was written to it`);
    return decodePages(into).batch;
  }

  /** Takes the file away. */
  async close(): Promise<void> {
    this.end();
    if (!this.#file) return;
    await this.#written.catch(() => undefined);
    await (await this.#file.catch(() => undefined))?.close();
    await rm(this.#path, { force: true });
  }
}
