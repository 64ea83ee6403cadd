import { z } from "zod";
import type { Addresses, Description } from "../description/index.ts";
import type { Journal } from "../journal/index.ts";

/** What is kept of each VM, in the journal under `vm/NAME`. */
export const vmRecord = z.object({
  /** Counts the VMs that were given back: each next one of the same name is another VM. */
  life: z.int(),
  allocationId: z.string().nullable(),
  vmId: z.string().nullable(),
  address: z.string().nullable(),
  /** As the provider counts the VM's own. */
  generation: z.int(),
  /** How often the provider has brought it back since, and which time was the last: each may show another host key. */
  restarts: z.int().default(0),
  restart: z.string().nullable().default(null),
});
export type VmRecord = z.infer<typeof vmRecord>;

const none: VmRecord = {
  life: 0,
  allocationId: null,
  vmId: null,
  address: null,
  generation: 0,
  restarts: 0,
  restart: null,
};

export interface VmRecords extends Addresses {
  get(vm: string): VmRecord;
  put(vm: string, change: Partial<VmRecord>): Promise<void>;
  /** The provider has brought it back. `restart` names this time: the same twice is once. */
  broughtBack(
    vm: string,
    restart: string,
    now: { readonly generation: number; readonly address: string | null },
  ): Promise<void>;
  /** Our name of a VM of the provider's. */
  named(ref: { readonly id: string; readonly name: string }): string | undefined;
  /** Named in the journal and no longer in the description. */
  left(): readonly string[];
  forget(vm: string): Promise<void>;
}

const restartsPerLife = 1_000_000;

export function vmRecords(journal: Journal, description: Description): VmRecords {
  const names = description.vms.map((vm) => vm.name);
  const get = (vm: string): VmRecord => vmRecord.safeParse(journal.recall(`vm/${vm}`)).data ?? none;
  return {
    get,
    async broughtBack(vm, restart, { generation, address }) {
      const before = get(vm);
      if (before.restart === restart) return;
      const change = { generation, restart, restarts: before.restarts + 1, ...(address !== null && { address }) };
      await journal.remember(`vm/${vm}`, { ...before, ...change });
    },
    put: (vm, change) => journal.remember(`vm/${vm}`, { ...get(vm), ...change }),
    forget: (vm) => journal.forget(`vm/${vm}`),
    of: (vm) => get(vm).address ?? undefined,
    generationOf: (vm) => get(vm).life * restartsPerLife + get(vm).restarts,
    named: ({ id, name }) =>
      names.find((vm) => get(vm).vmId === id) ?? names.find((vm) => vm === name && get(vm).vmId === null),
    left: () =>
      journal
        .keys("vm/")
        .map((key) => key.slice("vm/".length))
        .filter((vm) => !names.includes(vm) && get(vm).allocationId !== null),
  };
}
