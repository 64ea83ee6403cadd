import { freeAddress } from "./addresses.ts";
import type { Allocation } from "./allocations.ts";
import type { CloudPolicy } from "./hosts.ts";

/** Why a customer gets no further VM; or the address that it gets. */
export function allocationRoom(
  asked: Pick<Allocation, "name" | "memoryMiB">,
  policy: Pick<CloudPolicy, "customerMostVms" | "customerMostMiB" | "network">,
  known: {
    /** Of this customer, those that have not ended. */
    readonly own: readonly Pick<Allocation, "name" | "memoryMiB">[];
    /** Everybody's, of VMs and of allocations that have not ended: libvirt has one domain of a name on a host, and each may come to be on any. */
    readonly names: ReadonlySet<string>;
    /** Everybody's. */
    readonly taken: ReadonlySet<string>;
  },
): { readonly address: string } | { readonly refusal: string; readonly field: string; readonly cure: string } {
  const { name, memoryMiB } = asked;
  if (known.own.some((it) => it.name === name))
    return {
      refusal: `There is a VM ${name} already.`,
      field: "name",
      cure: "Take another name, or free that VM first.",
    };
  if (known.names.has(name))
    return { refusal: `The name ${name} is taken.`, field: "name", cure: "Take another name, or put yours before it." };
  if (known.own.length >= policy.customerMostVms)
    return {
      refusal: `The provider makes at most ${policy.customerMostVms} VMs for one customer.`,
      field: "name",
      cure: "Free a VM first, or ask the provider for more.",
    };
  const usedMiB = known.own.reduce((sum, it) => sum + it.memoryMiB, 0);
  if (usedMiB + memoryMiB > policy.customerMostMiB)
    return {
      refusal: `The provider gives one customer's VMs at most ${policy.customerMostMiB} MiB together; ${usedMiB} MiB are used.`,
      field: "memoryMiB",
      cure: "Ask for less memory, free a VM first, or ask the provider for more.",
    };
  if (policy.network === null)
    return {
      refusal: "The provider has not set a network for VMs that Belay makes.",
      field: "applicationId",
      cure: "Ask the provider to set one.",
    };
  const address = freeAddress(policy.network, known.taken);
  return address === undefined
    ? {
        refusal: "No address is left for another VM.",
        field: "applicationId",
        cure: "Free a VM first, or ask the provider for a larger network.",
      }
    : { address };
}
