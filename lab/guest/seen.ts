import { hostPid } from "../host/boot.ts";
import { execOnHost } from "../host/exec.ts";
import { requireRecord } from "../state.ts";

export const virsh = (...args: string[]) => ["virsh", "-q", "-c", "qemu:///system", ...args];

/** A host whose libvirt knows a guest, and its state in virsh's words ("running", "shut off", …). */
export interface Seen {
  host: string;
  state: string;
}

export async function runningHosts(lab: string): Promise<string[]> {
  const { hosts } = await requireRecord(lab);
  const pids = await Promise.all(hosts.map((host) => hostPid(lab, host.name)));
  return hosts.filter((_, at) => pids[at] !== undefined).map((host) => host.name);
}

export async function seenOn(lab: string, hosts: readonly string[], uuid: string): Promise<Seen[]> {
  const states = await Promise.all(hosts.map((host) => execOnHost(lab, host, virsh("domstate", uuid))));
  return states.flatMap(({ code, stdout }, at) =>
    code === 0 ? [{ host: hosts[at] ?? "", state: stdout.trim() }] : [],
  );
}

/**
 * Where a guest is at home now, of the hosts that know it: where it is not shut off, else where it was made, else anywhere. It may
 * have moved since it was made, and a host that was off meanwhile may still know it.
 */
export function homeOf(seen: readonly Seen[], madeOn: string): string | undefined {
  const home = seen.find(({ state }) => state !== "shut off") ?? seen.find(({ host }) => host === madeOn) ?? seen.at(0);
  return home?.host;
}
