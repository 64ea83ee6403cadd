/**
 * How many frames of pages of one request may be on their way to the engine, or lie there unread. One channel carries all of a host's
 * requests: a store that is slow with one of them must hold back that one alone. What waits, waits on the host.
 */
export const creditFrames = 32;
/** So many that were taken are given back at once. `{ kind: "credit", of, frames }`: it is not answered. */
export const creditStep = 8;

export class Credit {
  #left = creditFrames;
  #over = false;
  #waiting: (() => void)[] = [];

  /** Resolves when one more frame may be sent; at once when it is over, for then the request ends by itself. */
  async take(): Promise<void> {
    while (this.#left <= 0 && !this.#over) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#left -= 1;
  }

  give(frames: number): void {
    this.#left = Math.min(creditFrames, this.#left + frames);
    this.#wake();
  }

  end(): void {
    this.#over = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
