import { beyond, mostOf } from "../../decide/index.ts";
import type { EpochMs, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { eachOf } from "../guard/limit.ts";
import { type Forgetting, keepFewOf, standingOf } from "./keep-few.ts";

/** That a person lets one go, or switches saving off, is told to nobody here. */
const lookEveryMs = 30_000;
const vmsAtOnce = 4;
/** While the store is full: what a collection that was cut short, or failed, has left is freed so often. */
const freeEveryMs = 10 * 60_000;
/** A VM of which nothing could go (what is damaged, or not sure, has not its age) is looked at again so late, or once it has more or fewer. */
const restMs = 60 * 60_000;
const restKey = (count: number | undefined, most: number): string => `${count} of ${most}`;

type Read = "checkpointCounts" | "checkpointIntervals" | "vm" | "openIncidentsOf" | "pendingWishes" | "policy";
type RetentionEnv = Forgetting & {
  readonly store: Pick<Env["store"], Read>;
  readonly checkpoints: Pick<Env["checkpoints"], "standing">;
};

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
  readonly #env: RetentionEnv;
  readonly #track: (work: Promise<void>) => void;
  #lookAtMs: number;
  #freeAtMs = 0;
  #kept: number | undefined;
  readonly #unsavedSinceMs = new Map<VmId, number>();
  readonly #resting = new Map<VmId, { readonly as: string; readonly sinceMs: number }>();
  #isLooking = false;

  constructor(env: RetentionEnv, track: (work: Promise<void>) => void) {
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

  async #forget({ kept, saved, asked, isFull, answeredAt }: RetentionAsked, frees: boolean): Promise<void> {
    const { store, checkpoints } = this.#env;
    const standing = await standingOf(this.#env);
    if (standing === undefined) return;
    const counts = await store.checkpointCounts(standing.store);
    this.#follow(counts, saved);
    const most = (vm: VmId) => mostOf({ kept, unsavedForMs: this.#unsavedForMs(vm), isFull });
    const over = beyond(counts, most).filter((vm) => !asked.has(vm) && !this.#rests(vm, counts.get(vm), most(vm)));
    await eachOf(over, vmsAtOnce, async (id) => {
      const vm = await store.vm(id);
      // A repair may be about to go back to one that would go.
      if (vm === undefined || (await store.openIncidentsOf(vm.hostId)).has(id)) return;
      // Many were before it: people may have changed their mind.
      const isSaved = (await store.checkpointIntervals(id)).has(id);
      if (!isSaved && saved.has(id)) return;
      if ((await store.pendingWishes()).some(({ vmId }) => vmId === id)) return;
      const unsavedForMs = isSaved ? undefined : this.#unsavedForMs(id);
      const keep = mostOf({ kept: (await store.policy()).checkpointsKept, unsavedForMs, isFull });
      const gone = await keepFewOf(this.#env, standing, vm, keep, undefined, answeredAt(id));
      if (gone > 0) this.#resting.delete(id);
      else this.#resting.set(id, { as: restKey(counts.get(id), most(id)), sinceMs: this.#env.clock.monotonicMs() });
    });
    if (frees) await checkpoints.drop([]);
  }

  /** Since when each is not to be saved any more, as far as this life has seen it. */
  #follow(counts: ReadonlyMap<VmId, number>, saved: RetentionAsked["saved"]): void {
    for (const vm of this.#unsavedSinceMs.keys()) if (saved.has(vm) || !counts.has(vm)) this.#unsavedSinceMs.delete(vm);
    for (const vm of this.#resting.keys()) if (!counts.has(vm)) this.#resting.delete(vm);
    const now = this.#env.clock.monotonicMs();
    for (const vm of counts.keys())
      if (!saved.has(vm) && !this.#unsavedSinceMs.has(vm)) this.#unsavedSinceMs.set(vm, now);
  }

  #unsavedForMs(vm: VmId): number | undefined {
    const since = this.#unsavedSinceMs.get(vm);
    return since === undefined ? undefined : this.#env.clock.monotonicMs() - since;
  }

  #rests(vm: VmId, count: number | undefined, most: number): boolean {
    const rest = this.#resting.get(vm);
    return rest?.as === restKey(count, most) && this.#env.clock.monotonicMs() < rest.sinceMs + restMs;
  }
}
