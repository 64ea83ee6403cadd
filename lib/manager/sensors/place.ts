import type { VmSpec } from "../description/index.ts";

/** Who looks at a VM. */
export interface Observers {
  /** Other VMs. */
  readonly vms: readonly string[];
  /** The manager as well: these VMs may all be on one host, or there is one only. */
  readonly manager: boolean;
}

/**
 * From where each VM is looked at: never by one sensor alone, and not by sensors on one host (paper, section III-A-2). Two other VMs that
 * the provider was asked to keep on different hosts (`apart`); where the description asks for no such pair, the manager looks too, which is
 * on no VM of the application's. Spread, so that no VM looks at all the others. Pure.
 */
export function observersOf(vms: readonly Pick<VmSpec, "name" | "apart">[]): ReadonlyMap<string, Observers> {
  const load = new Map(vms.map(({ name }) => [name, 0]));
  const places = new Map<string, Observers>();
  for (const vm of vms) {
    const others = vms.filter(({ name }) => name !== vm.name);
    const pairs = others.flatMap((one, at) => others.slice(at + 1).map((two) => [one, two] as const));
    const cost = (one: (typeof others)[number]) => load.get(one.name) ?? 0;
    const best = pairs
      .map(([one, two], at) => {
        const onTwoHosts = one.apart !== undefined && one.apart === two.apart;
        // One that is kept apart from the VM itself outlives the VM's host.
        const outlives = [one, two].filter(({ apart }) => apart !== undefined && apart === vm.apart).length;
        return { names: [one.name, two.name], rank: [onTwoHosts ? 0 : 1, cost(one) + cost(two), -outlives, at] };
      })
      .sort((a, b) => compare(a.rank, b.rank))[0];
    const chosen = best?.names ?? others.map(({ name }) => name);
    for (const name of chosen) load.set(name, (load.get(name) ?? 0) + 1);
    // The only VM there is: the manager's would be its one sensor.
    places.set(vm.name, { vms: chosen, manager: chosen.length > 0 && best?.rank[0] !== 0 });
  }
  return places;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, value] of a.entries()) {
    const rest = value - (b[at] ?? 0);
    if (rest !== 0) return rest;
  }
  return 0;
}
