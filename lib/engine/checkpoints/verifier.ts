import { newestValid, verifyNext } from "../../decide/index.ts";
import type { VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import { FoundDamaged } from "./found-damaged.ts";
import { tellWell } from "./found-well.ts";
import { perhapsWell, whileRead } from "./in-hand.ts";
import { standingOf } from "./keep-few.ts";
import type { Memories } from "./memory.ts";

/** Reading costs the store's disk: one at a time, with a pause between two. */
const pauseMs = 60_000;
/** Of those that are shown as damaged and may be well many may wait at one time. */
const againPauseMs = 5_000;
const verifyWithinMs = 10 * 60_000;

/**
 * Reads the newest checkpoint of each VM now and then, and those that may have been called damaged wrongly; asks the store what its own reading
 * of all has found: what cannot be restored must not be found out at the failure.
 */
export class Verifier {
  readonly #env: Env;
  readonly #memories: Memories;
  readonly #damaged: (vm: VmId) => void;
  readonly #found: FoundDamaged;
  #running = false;
  #againMs: number;
  #isAsking = false;
  #askMs: number;

  constructor(env: Env, memories: Memories, damaged: (vm: VmId) => void) {
    this.#env = env;
    this.#memories = memories;
    this.#damaged = damaged;
    this.#found = new FoundDamaged(env);
    this.#againMs = env.clock.monotonicMs() + pauseMs;
    this.#askMs = this.#againMs;
  }

  next(vms: Iterable<VmId>, track: (work: Promise<void>) => void): void {
    const now = this.#env.clock.monotonicMs();
    if (!this.#isAsking && now >= this.#askMs) track(this.#ask());
    if (this.#running || now < this.#againMs) return;
    const [again] = perhapsWell(this.#env);
    if (again !== undefined) {
      perhapsWell(this.#env).delete(again);
      track(this.#runs(this.#readAgain(again), againPauseMs));
      return;
    }
    const known = [...vms].map((vm) => [vm, this.#memories.of(vm).verifiedMs] as const);
    const vm = verifyNext(known, now);
    this.#againMs = now + pauseMs;
    if (vm === undefined) return;
    track(this.#runs(this.#verify(vm), pauseMs));
  }

  #runs(work: Promise<void>, thenMs: number): Promise<void> {
    this.#running = true;
    return work.finally(() => {
      this.#running = false;
      this.#againMs = this.#env.clock.monotonicMs() + thenMs;
    });
  }

  async #readAgain(vm: VmId): Promise<void> {
    if (await tellWell(this.#env, vm)) this.#memories.of(vm).rows = undefined;
  }

  async #ask(): Promise<void> {
    this.#isAsking = true;
    try {
      for (const vm of await this.#found.tell()) this.#damaged(vm);
    } finally {
      this.#isAsking = false;
      this.#askMs = this.#env.clock.monotonicMs() + pauseMs;
    }
  }

  async #verify(id: VmId): Promise<void> {
    const { store, checkpoints, clock, log } = this.#env;
    const memory = this.#memories.of(id);
    memory.verifiedMs = clock.monotonicMs();
    const vm = await store.vm(id);
    const standing = await standingOf(this.#env);
    if (vm === undefined || standing === undefined) return;
    const newest = newestValid(await this.#env.store.checkpointsOf(id, standing.store));
    if (newest === undefined) return;
    const work = () => checkpoints.verify(newest.id);
    const ok = await within(clock, verifyWithinMs, whileRead(this.#env, newest.id, work), undefined).catch(
      (error: unknown) => {
        log.warn("a checkpoint could not be read", { checkpoint: newest.id, error: String(error) });
        return undefined;
      },
    );
    if (ok === undefined) return;
    const words = ok ? "Read whole, and every byte has its checksum." : "It was read, and is damaged.";
    await store.recordVerified(newest.id, { ok, words }, clock.now());
    memory.rows = undefined;
    if (ok) return;
    log.warn(`the newest checkpoint of ${vm.name} is damaged: it is saved anew at once`, { checkpoint: newest.id });
    memory.baseless = true;
    memory.lastFailure = "Its newest checkpoint was found damaged. It is saved anew; the one before can be restored.";
    this.#damaged(id);
  }
}
