import type { VmSpec } from "../description/index.ts";

/**
 * From which VMs each VM is looked at: two others, that are on different hosts where the description keeps VMs apart (paper, section
 * III-A-2: never one sensor for a VM, and not all of them on one host). Spread, so that no VM looks at all the others. Pure.
 */
export function observersOf(vms: readonly Pick<VmSpec, "name" | "apart">[]): ReadonlyMap<string, readonly string[]> {
  const load = new Map(vms.map(({ name }) => [name, 0]));
  const places = new Map<string, readonly string[]>();
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
    places.set(vm.name, chosen);
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
