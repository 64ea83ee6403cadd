import type { Env } from "../env.ts";
import type { CaptureEnd } from "./capture.ts";

/** While the store is full one capture is tried so often. */
const tryEveryMs = 15_000;

/** Whether the store of bytes had room when a capture last asked it for some. */
export class StoreRoom {
  readonly #env: Env;
  /** Full, and tried again then; undefined: there is room. */
  #triedAgainMs: number | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  get isFull(): boolean {
    return this.#triedAgainMs !== undefined;
  }

  /** Nothing is to be tried before then. */
  waitsUntil(nowMs: number): number | undefined {
    return this.#triedAgainMs !== undefined && nowMs < this.#triedAgainMs ? this.#triedAgainMs : undefined;
  }

  /** Gives whether there is room again. */
  heard({ kind }: CaptureEnd): boolean {
    const { log, clock } = this.#env;
    if (kind === "store-full") {
      if (!this.isFull) log.warn("the store of checkpoints is full: nothing more is saved until there is room");
      this.#triedAgainMs = clock.monotonicMs() + tryEveryMs;
    }
    if (kind !== "done" || !this.isFull) return false;
    log.info("the store of checkpoints has room again");
    this.#triedAgainMs = undefined;
    return true;
  }
}
