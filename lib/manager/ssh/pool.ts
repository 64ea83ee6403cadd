import type { HandsContext } from "../servers.ts";
import { ManagerError } from "../servers.ts";
import { hostKeysIn } from "./host-keys.ts";
import { type VmShell, vmShell } from "./vm-shell.ts";

/** The shells of an application's VMs: one per VM, made anew when the VM has another address or another life. */
export interface Shells {
  of(vm: string): VmShell;
  close(): void;
}

export function shellsOf({ addresses, ssh, notes }: Pick<HandsContext, "addresses" | "ssh" | "notes">): Shells {
  const hostKeys = hostKeysIn(notes);
  const open = new Map<string, { readonly key: string; readonly shell: VmShell }>();
  return {
    of(vm) {
      const address = addresses.of(vm);
      if (address === undefined)
        throw new ManagerError({
          code: "noAddress",
          message: `${vm} has no address yet.`,
          cure: "Make it first: belay-manager up FILE",
        });
      const generation = addresses.generationOf(vm);
      const key = `${address} ${generation}`;
      const found = open.get(vm);
      if (found?.key === key) return found.shell;
      found?.shell.close();
      const { user: username, port, privateKey } = ssh;
      const shell = vmShell({ life: { vm, generation }, address, port, username, privateKey, hostKeys });
      open.set(vm, { key, shell });
      return shell;
    },
    close() {
      for (const { shell } of open.values()) shell.close();
      open.clear();
    },
  };
}
