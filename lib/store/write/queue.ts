import { BelayError } from "../../model/index.ts";

/**
 * One write at a time in this process, first come first served. The database would make them wait for each other anyway (the
 * counter's row), but there each waiting one would hold a connection that reads need.
 */
export class WriteQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async run<T>(write: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limit)
      throw new BelayError("not-available", `${this.#limit} writes already wait for the database`, {
        cure: "Try again in a moment; if it stays so, look at the database.",
      });
    this.#waiting += 1;
    const turn = this.#last.then(write);
    this.#last = turn.catch(() => undefined); // a failed write is its caller's, not the next one's
    try {
      return await turn;
    } finally {
      this.#waiting -= 1;
    }
  }
}
