import type { Env } from "../env.ts";
import { standingOf } from "./keep-few.ts";

/**
 * Another store is there than the one that people's states were saved in: its disk may not be mounted, or another directory was named. Nothing of
 * it is changed meanwhile, so nobody would see it before a failure. It is said once in each life.
 */
export class OtherStore {
  readonly #env: Env;
  readonly #track: (work: Promise<void>) => void;
  #isLooked = false;

  constructor(env: Env, track: (work: Promise<void>) => void) {
    this.#env = env;
    this.#track = track;
  }

  /** In each round: until both the store and the database have answered. */
  look(): void {
    if (this.#isLooked) return;
    this.#isLooked = true;
    const looking = this.#compare().catch((error: unknown) => {
      this.#isLooked = false;
      throw error;
    });
    this.#track(looking);
  }

  async #compare(): Promise<void> {
    const standing = await standingOf(this.#env);
    if (standing === undefined) {
      this.#isLooked = false;
      return;
    }
    const count = await this.#env.store.checkpointsElsewhere(standing.store);
    if (count === 0) return;
    const states = count === 1 ? "1 saved state is" : `${count} saved states are`;
    this.#env.log.warn(
      `${states} in another store of checkpoints than the one that is there, and cannot be restored: is its disk mounted, and does BELAY_CHECKPOINTS name its directory?`,
      { store: standing.store, elsewhere: count },
    );
  }
}
