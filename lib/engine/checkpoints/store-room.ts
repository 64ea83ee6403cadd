import type { Env } from "../env.ts";
import type { CaptureEnd } from "./capture.ts";

/** While the store is full one capture is tried so often. */
const tryEveryMs = 15_000;
/** Nobody has tried for so long: whether it is still full is not known. */
const knownForMs = 10 * 60_000;

type Telling = Pick<Env, "clock" | "log"> & { readonly store: Pick<Env["store"], "recordStoreFull"> };

/** Whether the store of bytes had room when a capture last asked it for some. The provider is told when that changes. */
export class StoreRoom {
  readonly #env: Telling;
  readonly #track: (work: Promise<void>) => void;
  /** Full, and tried again then; undefined: there is room. */
  #triedAgainMs: number | undefined;
  #fullAtMs: number;
  /** undefined: what a life before this one told holds. */
  #told: boolean | undefined;
  /** One after the other: what is told last must be what is written last. */
  #telling: Promise<void> = Promise.resolve();

  constructor(env: Telling, track: (work: Promise<void>) => void) {
    this.#env = env;
    this.#track = track;
    this.#fullAtMs = env.clock.monotonicMs();
  }

  get isFull(): boolean {
    return this.#triedAgainMs !== undefined;
  }

  /** Nothing is to be tried before then. */
  waitsUntil(nowMs: number): number | undefined {
    return this.#triedAgainMs !== undefined && nowMs < this.#triedAgainMs ? this.#triedAgainMs : undefined;
  }

  /** Gives whether it is otherwise than before. */
  heard({ kind }: Pick<CaptureEnd, "kind">): boolean {
    if (kind !== "done" && kind !== "store-full") return false;
    const { log, clock } = this.#env;
    const wasFull = this.isFull;
    const isFull = kind === "store-full";
    if (isFull && !wasFull) log.warn("the store of checkpoints is full: nothing more is saved until there is room");
    if (wasFull && !isFull) log.info("the store of checkpoints has room again");
    if (isFull) this.#fullAtMs = clock.monotonicMs();
    this.#triedAgainMs = isFull ? this.#fullAtMs + tryEveryMs : undefined;
    this.#tell(isFull);
    return isFull !== wasFull;
  }

  /** In each round. */
  look(): void {
    if (this.#env.clock.monotonicMs() < this.#fullAtMs + knownForMs) return;
    this.#triedAgainMs = undefined;
    this.#tell(false);
  }

  #tell(isFull: boolean): void {
    if (this.#told === isFull) return;
    this.#told = isFull;
    const { store, clock } = this.#env;
    const telling = this.#telling.then(() => store.recordStoreFull(isFull, clock.now()));
    this.#telling = telling.catch(() => {
      this.#told = undefined; // with the next that is heard
    });
    this.#track(telling);
  }
}
