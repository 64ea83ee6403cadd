import type { Invariant } from "./sight.ts";

/** What a VM's owner reads of an incident names no host and no address: those are the provider's. Each row is read once. */
export const namesOfOthers: Invariant = ({ world, tables, openIncidents, openRepairs }) => {
  const read = new WeakSet<object>();
  const names = world.hosts().flatMap((host) => [host.name, host.address, host.uri]);
  const pattern = new RegExp(
    `(?<![\\w-])(${names.map((it) => it.replace(/[.*+?^$()[\]{}|\\/]/g, "\\$&")).join("|")})(?![\\w-])`,
  );

  return function* () {
    for (const row of [...openIncidents(), ...openRepairs()]) {
      if (row.vmId === null || read.has(row)) continue;
      read.add(row);
      const vm = tables.vms.get(row.vmId)?.vm;
      const said =
        "steps" in row
          ? [row.words, ...row.steps.flatMap((step) => step.words ?? [])]
          : [row.words, ...row.evidence.flatMap((it) => (it.audience === "all" ? [it.words] : []))];
      for (const words of said) if (pattern.test(words)) yield `7: the owner of ${vm?.name} reads of a host: ${words}`;
    }
  };
};
