import type { Vm, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { HostUnreachable } from "../ports.ts";
import { sweep } from "./capture.ts";
import { capturesInHand } from "./in-hand.ts";
import { dropRemoved, reconcileVm } from "./keep-few.ts";
import type { Memories, VmMemory } from "./memory.ts";

const atOnce = 4;
/** A store that does not answer, or is not sure of all that it has, is not asked in each round: others wait for the place. */
const reconcileAgainMs = 60_000;
const removedFirstMs = 10 * 60_000;
const removedEveryMs = 60 * 60_000;

/**
 * A capture of a VM that nobody wants saved any more may have been cut short, perhaps in a life before: what it left on the host is taken
 * away, and what the store holds of it that nobody knows. Of the others that is done before their next capture.
 */
export class Sweeper {
  readonly #env: Env;
  readonly #memories: Memories;
  readonly #track: (work: Promise<void>) => void;
  readonly #running = new Set<VmId>();
  #removedAtMs = 0;

  constructor(env: Env, memories: Memories, track: (work: Promise<void>) => void) {
    this.#env = env;
    this.#memories = memories;
    this.#track = track;
    this.#removedAtMs = env.clock.monotonicMs() + removedFirstMs;
  }

  /** Now and then, whatever else is done: what VMs have left that were removed. */
  removed(): void {
    const now = this.#env.clock.monotonicMs();
    if (now < this.#removedAtMs) return;
    this.#removedAtMs = now + removedEveryMs;
    this.#track(dropRemoved(this.#env));
  }

  /** `canNow`: it runs, on a host that is connected. False once nothing is left to do. */
  sweeps(vm: Vm, canNow: boolean): boolean {
    const memory = this.#memories.of(vm.id);
    if (!memory.unswept && memory.reconciled) return false;
    const sweeps = memory.unswept && canNow;
    if ((!sweeps && !this.#reconciles(memory)) || capturesInHand(this.#env).has(vm.id)) return true;
    if (this.#running.has(vm.id) || this.#running.size >= atOnce) return true;
    this.#running.add(vm.id);
    const swept = this.#settle(vm, memory, canNow).catch((error: unknown) => {
      if (error instanceof HostUnreachable) return; // tried again in the next round
      this.#env.log.warn(`what a capture of ${vm.name} may have left could not be taken away`, {
        error: String(error),
      });
      memory.unswept = false; // before its next capture it is tried again
      memory.sweptOn = null;
    });
    this.#track(swept.finally(() => this.#running.delete(vm.id)));
    return true;
  }

  #reconciles({ reconciled, reconciledAgainMs }: VmMemory): boolean {
    return !reconciled && this.#env.clock.monotonicMs() >= reconciledAgainMs;
  }

  /** The host first: what the store is not sure of may stay so for long. */
  async #settle(vm: Vm, memory: VmMemory, canNow: boolean): Promise<void> {
    try {
      if (memory.unswept && canNow) await sweep(this.#env, vm, memory);
    } finally {
      if (this.#reconciles(memory)) {
        memory.reconciled = await reconcileVm(this.#env, vm);
        memory.reconciledAgainMs = this.#env.clock.monotonicMs() + reconcileAgainMs;
      }
    }
  }
}
