import { shortAgents } from "../../lib/client/index.ts";
import type { HostView } from "../../lib/contract/index.ts";
import { hostStandings, hostStates } from "../../lib/model/index.ts";

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

/** Why it stands so. */
export const standingOf = (host: Pick<HostView, "standing" | "standingWords">): string =>
  shortAgents(host.standingWords ?? hostStandings[host.standing].words);

/** How its connection is, as a whole sentence. */
export function connectionOf(host: Pick<HostView, "state" | "stateWords">): string {
  const words = host.stateWords ?? hostStates[host.state].words;
  return /[.!?]$/.test(words) ? words : `${words}.`;
}
