/** Told in place of events that the reader was too slow for. */
export interface Overflow {
  readonly overflow: true;
  /** How many events were dropped here. */
  readonly lost: number;
}

export function isOverflow(item: object): item is Overflow {
  return "overflow" in item && item.overflow === true;
}

/**
 * A queue with an end for one reader. When it is full, new items are dropped and counted, and the reader finds one `Overflow` at
 * the place where they would have been. Ends by `finish` (the reader still gets what is queued) or `fail`.
 */
export class BoundedQueue<T extends object> implements AsyncIterator<T | Overflow, undefined> {
  readonly #limit: number;
  readonly #items: (T | Overflow)[] = [];
  #lost = 0;
  #end: { readonly error?: Error } | undefined;
  #reader:
    | { resolve: (result: IteratorResult<T | Overflow, undefined>) => void; reject: (error: Error) => void }
    | undefined;

  constructor(limit: number) {
    if (!Number.isInteger(limit) || limit < 1)
      throw new RangeError(`a queue needs room for at least 1 item, not ${limit}`);
    this.#limit = limit;
  }

  push(item: T): void {
    if (this.#end) return;
    if (this.#reader) {
      this.#reader.resolve({ done: false, value: item });
      this.#reader = undefined;
    } else if (this.#items.length >= this.#limit) {
      this.#lost += 1;
    } else {
      this.#tellLoss();
      this.#items.push(item);
    }
  }

  /** Puts the loss in its place: behind what was queued before it. */
  #tellLoss(): void {
    if (this.#lost === 0) return;
    this.#items.push({ overflow: true, lost: this.#lost });
    this.#lost = 0;
  }

  finish(): void {
    this.#close({});
  }

  /** The reader gets what is queued, then this error. */
  fail(error: Error): void {
    this.#close({ error });
  }

  #close(end: { readonly error?: Error }): void {
    if (this.#end) return;
    this.#end = end;
    this.#tellLoss();
    const reader = this.#reader;
    this.#reader = undefined;
    if (!reader) return;
    if (end.error) reader.reject(end.error);
    else reader.resolve({ done: true, value: undefined });
  }

  next(): Promise<IteratorResult<T | Overflow, undefined>> {
    const item = this.#items.shift();
    if (this.#items.length === 0) this.#tellLoss();
    if (item) return Promise.resolve({ done: false, value: item });
    if (this.#end?.error) {
      // Told once; a reader who asks again after the error hears the end.
      const { error } = this.#end;
      this.#end = {};
      return Promise.reject(error);
    }
    if (this.#end) return Promise.resolve({ done: true, value: undefined });
    if (this.#reader) return Promise.reject(new Error("only one reader at a time"));
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }
}
