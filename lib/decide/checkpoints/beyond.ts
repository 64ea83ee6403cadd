import { leastKept } from "./retention.ts";

/** Saving may have been switched off by mistake, and of many at once: for so long it costs nothing of what was saved. */
export const switchedOffKeptMs = 24 * 60 * 60_000;

export interface Keeping {
  /** How many of each VM, as the provider has it. */
  readonly kept: number;
  /** For how long it is known that it is not to be saved any more; undefined: it is. */
  readonly unsavedForMs: number | undefined;
  /** Then what nobody wants saved makes room at once for what is. */
  readonly isFull: boolean;
}

/** How many of a VM's checkpoints stay, besides those that people keep. Of one that is not to be saved any more the least that is of use. */
export const mostOf = ({ kept, unsavedForMs, isFull }: Keeping): number =>
  unsavedForMs === undefined || (unsavedForMs < switchedOffKeptMs && !isFull) ? Math.max(leastKept, kept) : leastKept;

/** The VMs that have more than is to be kept of them: fewer are to be kept since, one was let go, or nobody wants them saved any more. */
export const beyond = <V extends string>(counts: ReadonlyMap<V, number>, most: (vm: V) => number): V[] =>
  [...counts].flatMap(([vm, count]) => (count > most(vm) ? [vm] : []));
