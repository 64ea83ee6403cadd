import { leastKept } from "./retention.ts";

/** How many of a VM's checkpoints stay, besides those that people keep. Of one that is not to be saved any more the least that is of use. */
export const mostOf = (isSaved: boolean, kept: number): number => (isSaved ? Math.max(leastKept, kept) : leastKept);

/** The VMs that have more than is to be kept of them: fewer are to be kept since, one was let go, or nobody wants them saved any more. */
export const beyond = <V extends string>(
  counts: ReadonlyMap<V, number>,
  saved: { readonly has: (vm: V) => boolean },
  kept: number,
): V[] => [...counts].flatMap(([vm, count]) => (count > mostOf(saved.has(vm), kept) ? [vm] : []));
