import { readLab } from "../../lab/index.ts";
import type { CloudView } from "../../lib/contract/index.ts";
import type { FaultLab } from "../stack/fault-lab.ts";
import type { Damage } from "./faults.ts";

const openRepair = new Set(["planned", "running"]);

/** What the cloud's own view shows that must never be so: DESIGN.md's invariants 2, 5 and 8, as far as they can be seen from outside. */
export function* brokenIn(cloud: CloudView): Generator<string> {
  const openIncidents = cloud.incidents.filter((it) => it.endedAt === null);
  for (const vm of cloud.vms) {
    const incidents = openIncidents.filter((it) => it.vmId === vm.id);
    if (incidents.length > 1) yield `2: ${vm.name} has ${incidents.length} open incidents.`;
    const repairs = incidents.flatMap((it) => it.repairs).filter((it) => openRepair.has(it.state));
    if (repairs.length > 1) yield `2: ${vm.name} has ${repairs.length} open repairs.`;
  }
  for (const incident of openIncidents) if (incident.words === "") yield `5: incident ${incident.id} says nothing.`;
  for (const host of cloud.hosts) {
    const tested = cloud.fenceDevices.some((it) => it.hostId === host.id && it.ok);
    const leased = host.helper?.connected === true && host.helper.watchdog !== "none";
    if (host.protection.ok && !tested && !leased)
      yield `8: ${host.name} shows "${host.protection.words}" with nothing behind it.`;
  }
}

/** Invariant 4: a host that is off though we broke neither its power nor its cable was healthy, and was fenced. */
export async function healthyFenced(fault: FaultLab, damage: Damage): Promise<string[]> {
  return (await readLab(fault.name)).hosts
    .filter((it) => it.power === "off" && !damage.off.has(it.name) && !damage.cut.has(it.name))
    .map((it) => `4: ${it.name} was healthy and was fenced.`);
}

/** Numbers of events have no gap: what was acknowledged is not lost when the server is killed. */
export function eventsOnlyGrow(before: number, after: number): string | undefined {
  return after < before ? `6: event ${before} was told, and now the last one is ${after}.` : undefined;
}
