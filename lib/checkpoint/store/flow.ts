import type { Socket } from "node:net";

/** A bounded queue between a socket and a loop: who overfills it broke his word. */
export class Inlet<T> implements AsyncIterable<T> {
  private readonly queue: T[] = [];
  private ended: { readonly error?: unknown } | undefined;
  private wake: (() => void) | undefined;
  private readonly most: number;
  private readonly onTaken: () => void;

  constructor(most: number, onTaken: () => void) {
    this.most = most;
    this.onTaken = onTaken;
  }

  /** False: it is overfull. */
  push(value: T): boolean {
    if (this.ended) return true;
    if (this.queue.length >= this.most) return false;
    this.queue.push(value);
    this.wake?.();
    return true;
  }

  end(): void {
    this.ended ??= {};
    this.wake?.();
  }

  /** What is queued is lost with it. */
  fail(error: unknown): void {
    if (this.ended?.error !== undefined) return;
    this.ended = { error };
    this.queue.length = 0;
    this.wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const value = this.queue.shift();
      if (value !== undefined) {
        this.onTaken();
        yield value;
      } else if (this.ended) {
        if (this.ended.error !== undefined) throw this.ended.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        this.wake = undefined;
      }
    }
  }
}

/** How many more frames may be sent; who has none waits. */
export class Credit {
  private left: number;
  private wake: (() => void) | undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(first: number) {
    this.left = first;
  }

  give(more: number): void {
    this.left += more;
    this.wake?.();
  }

  fail(error: unknown): void {
    this.failure ??= { error };
    this.wake?.();
  }

  async take(): Promise<void> {
    while (!this.failure && this.left <= 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      this.wake = undefined;
    }
    if (this.failure) throw this.failure.error;
    this.left -= 1;
  }
}

/** Resolves when the socket takes more. A socket that ends resolves it too: its calls are told by its end. */
export function write(socket: Socket, parts: readonly Uint8Array[]): Promise<void> {
  if (socket.destroyed || !socket.writable) return Promise.resolve();
  socket.cork();
  let more = true;
  for (const part of parts) if (part.byteLength > 0) more = socket.write(part);
  socket.uncork();
  if (more) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.on("drain", done);
    socket.on("close", done);
  });
}
