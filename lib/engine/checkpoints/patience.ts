import { within } from "../guard/within.ts";
import type { CaptureProgress, Clock } from "../ports.ts";

/** A capture of which nothing moves for so long is given up. */
export const stallMs = 15 * 60_000;
/** And one that moves is given up when it is slower than anything that is of use. */
const leastBytesPerMs = (4 * 1024 * 1024) / 1000;

/** How long is waited for a capture: as long as it gets on. The first copy of a large disk takes hours, and is worth them. */
export class Patience {
  readonly #clock: Clock;
  readonly #begunMs: number;
  #movedMs: number;
  #bytesDone = 0;
  #bytesTotal = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begunMs = clock.monotonicMs();
    this.#movedMs = this.#begunMs;
  }

  /** What is counted may begin anew, as when a copy is made and then sent. */
  heard({ bytesDone, bytesTotal }: CaptureProgress): void {
    if (bytesDone !== this.#bytesDone) this.#movedMs = this.#clock.monotonicMs();
    this.#bytesDone = bytesDone;
    this.#bytesTotal = Math.max(this.#bytesTotal, bytesTotal);
  }

  #leftMs(): number {
    const mostMs = stallMs + this.#bytesTotal / leastBytesPerMs;
    return Math.min(this.#movedMs + stallMs, this.#begunMs + mostMs) - this.#clock.monotonicMs();
  }

  /** undefined: it did not get on. */
  async for<T>(work: Promise<T>): Promise<T | undefined> {
    for (let leftMs = this.#leftMs(); leftMs > 0; leftMs = this.#leftMs()) {
      const end = await within(this.#clock, leftMs, work, late);
      if (end !== late) return end;
    }
    return undefined;
  }
}

const late = Symbol("late");
