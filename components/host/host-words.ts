import type { HostView } from "../../lib/contract/index.ts";

/** Two lines: the machine, and what drives it. */
export function hostFacts(host: HostView): string[] {
  const lines = [
    [
      host.cpus === null ? null : `${host.cpus} CPUs`,
      host.memoryMiB === null ? null : `${(host.memoryMiB / 1024).toFixed(1)} GiB`,
    ],
    [
      host.libvirtVersion === null ? null : `libvirt ${host.libvirtVersion}`,
      host.qemuVersion === null ? null : `QEMU ${host.qemuVersion}`,
    ],
  ];
  return lines.map((facts) => facts.filter((it) => it !== null).join(" · ")).filter((line) => line !== "");
}
