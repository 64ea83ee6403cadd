import { beyond, mostOf } from "../../decide/index.ts";
import type { EpochMs, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { eachOf } from "../guard/limit.ts";
import { keepFew } from "./keep-few.ts";

/** That a person lets one go, or switches saving off, is told to nobody here. */
const lookEveryMs = 30_000;
const vmsAtOnce = 4;
/** While the store is full: what a collection that was cut short, or failed, has left is freed so often. */
const freeEveryMs = 10 * 60_000;

interface RetentionAsked {
  /** How many of each VM, as the provider has it. */
  readonly kept: number;
  /** The VMs that are to be saved. */
  readonly saved: { readonly has: (vm: VmId) => boolean };
  /** What a person asked of them waits: it may be about one that would go. */
  readonly asked: ReadonlySet<VmId>;
  readonly isFull: boolean;
  readonly answeredAt: (vm: VmId) => EpochMs | undefined;
}

/**
 * Forgets what is more than is to be kept, also where no capture comes that would do it: of a full store none does, and then what people do
 * must make room all the same.
 */
export class Retention {
  readonly #env: Env;
  readonly #track: (work: Promise<void>) => void;
  #lookAtMs: number;
  #freeAtMs = 0;
  #kept: number | undefined;
  #isLooking = false;

  constructor(env: Env, track: (work: Promise<void>) => void) {
    this.#env = env;
    this.#track = track;
    this.#lookAtMs = env.clock.monotonicMs() + lookEveryMs;
  }

  /** In each round. */
  look(asked: RetentionAsked): void {
    const now = this.#env.clock.monotonicMs();
    const frees = asked.isFull && now >= this.#freeAtMs;
    const isNews = this.#kept !== undefined && this.#kept !== asked.kept;
    if (this.#isLooking || (!frees && !isNews && now < this.#lookAtMs)) return;
    this.#kept = asked.kept;
    this.#lookAtMs = now + lookEveryMs;
    if (frees) this.#freeAtMs = now + freeEveryMs;
    this.#isLooking = true;
    this.#track(
      this.#forget(asked, frees).finally(() => {
        this.#isLooking = false;
      }),
    );
  }

  async #forget({ kept, saved, asked, answeredAt }: RetentionAsked, frees: boolean): Promise<void> {
    const { store, checkpoints } = this.#env;
    const over = beyond(await store.checkpointCounts(), saved, kept).filter((vm) => !asked.has(vm));
    await eachOf(over, vmsAtOnce, async (id) => {
      const vm = await store.vm(id);
      // A repair may be about to go back to one that would go.
      if (vm === undefined || (await store.openIncidentsOf(vm.hostId)).has(id)) return;
      await keepFew(this.#env, vm, mostOf(saved.has(id), kept), undefined, answeredAt(id));
    });
    if (frees) await checkpoints.drop([]);
  }
}
