import type { CaptureOffer, Checkpoint, CheckpointStatus, HostId, Vm, VmId } from "../../model/index.ts";
import type { Clock } from "../ports.ts";

/** What this life of the engine knows of one VM's captures, besides what is written down. */
export interface VmMemory {
  /** The answer of the last probe, and for which run on which host it holds. */
  offer: CaptureOffer | null;
  offerFor: string | null;
  offerAtMs: number;
  lastFailure: string | null;
  /** What kept the last try from being made, while it does. */
  obstacle: string | null;
  /** Nothing but the captures themselves lay between the last two (`unbroken`), and since the last one (`chain`). */
  unbroken: boolean;
  chain: boolean;
  /** The next capture compares with nothing: the newest one is damaged. */
  baseless: boolean;
  /** A capture may have been cut short on this host: what it left is taken away before the next. */
  unswept: boolean;
  sweptOn: HostId | null;
  reconciled: boolean;
  /** Beside captures it is asked for again only then. */
  reconciledAgainMs: number;
  verifiedMs: number | undefined;
  /** Its checkpoints as last read, newest first; undefined once they changed. They are read again now and then all the same. */
  rows: readonly Checkpoint[] | undefined;
  rowsAtMs: number;
  /** When this life last captured it, or began to look, on the clock that is never set. */
  sinceMs: number;
  /** The trouble that a life before this one wrote: it holds until this one has saved the VM. */
  recalled: string | null;
  /** As last written, to write only what changed. */
  written: CheckpointStatus | undefined;
}

export const runOf = (vm: Pick<Vm, "hostId" | "runId" | "generation">): string =>
  `${vm.hostId} ${vm.generation} ${vm.runId ?? ""}`;

export class Memories {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #of = new Map<VmId, VmMemory>();

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  of(vm: VmId): VmMemory {
    const known = this.#of.get(vm);
    if (known !== undefined) return known;
    const fresh: VmMemory = {
      ...{ offer: null, offerFor: null, offerAtMs: 0, lastFailure: null, baseless: false },
      ...{ obstacle: null, unbroken: false, chain: false },
      ...{
        unswept: true,
        sweptOn: null,
        reconciled: false,
        reconciledAgainMs: 0,
        verifiedMs: undefined,
        written: undefined,
      },
      ...{ rows: undefined, rowsAtMs: 0, sinceMs: this.#clock.monotonicMs(), recalled: null },
    };
    this.#of.set(vm, fresh);
    return fresh;
  }

  /** What a life before this one wrote, which holds until more is known. */
  recall(statuses: Iterable<CheckpointStatus>): void {
    for (const status of statuses) {
      const memory = this.of(status.vmId);
      memory.offer = status.offer;
      memory.written = status;
      memory.recalled = status.trouble;
    }
  }

  vms = (): Iterable<VmId> => this.#of.keys();
  forget = (vm: VmId): boolean => this.#of.delete(vm);
}
