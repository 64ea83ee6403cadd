import { XMLParser } from "fast-xml-parser";
import { HypervisorRefused } from "../../engine/ports.ts";
import type { Connection } from "../../libvirt/index.ts";

export interface Machine {
  readonly type: "kvm" | "qemu";
  readonly emulator: string;
}

/** What libvirt answers to a question for a machine: `<domainCapabilities><path>/usr/bin/qemu…</path><domain>kvm</domain>…`. */
export function readMachine(capabilities: string): Machine {
  const said: unknown = new XMLParser().parse(capabilities)?.domainCapabilities;
  if (typeof said !== "object" || said === null || !("path" in said) || !("domain" in said))
    throw new HypervisorRefused("The host's libvirt does not say which machines it can run.");
  return { type: said.domain === "kvm" ? "kvm" : "qemu", emulator: String(said.path) };
}

/** The machine for new VMs on a host: with no type asked for, libvirt answers with KVM where it works, and with emulation elsewhere. */
export async function machineOf(connection: Connection): Promise<Machine> {
  const asked = { emulatorbin: null, arch: "x86_64", machine: "q35", virttype: null, flags: 0 };
  return readMachine((await connection.call("connect_get_domain_capabilities", asked)).capabilities);
}
