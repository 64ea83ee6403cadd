import type { FenceStore } from "../../engine/ports.ts";
import type { HostId, VmId } from "../../model/index.ts";
import { definition, enrol, type StoreBench, sight } from "./fixtures.ts";

export type NewHostIncident = Parameters<FenceStore["openHostIncident"]>[0];

export const hostDied = (
  hostId: HostId,
  lost: readonly VmId[],
  more: Partial<NewHostIncident> = {},
): NewHostIncident => ({
  ...{ hostId, cause: "host-dead", certainty: "certain", tp: 3000, tpSource: "scan", td: 3500 },
  evidence: [{ at: 3400, source: "peer", words: "Host beta does not reach it.", audience: "all" }],
  words: "Nobody hears of it.",
  plan: { technique: "evacuate", words: "Make sure that it is off, then start its VMs elsewhere." },
  lost: lost.map((vmId) => ({ vmId, words: "Its host failed." })),
  ...more,
});

/** A host with VMs of these names, and another one that has room. */
export async function twoHosts(bench: StoreBench, name: string, vmNames: readonly string[] = ["a", "b"]) {
  const host = await enrol(bench, `${name}-one`);
  const other = await enrol(bench, `${name}-two`);
  const vms = [];
  for (const vm of vmNames)
    vms.push(await bench.engine.adoptVm(host.id, sight(`${name}-${vm}`), definition, "running", 2000));
  const [first] = vms;
  if (first === undefined) throw new Error("a VM was asked for");
  return { host, other, vms, vm: first, vmIds: vms.map((it) => it.id) };
}

/** The host is dead and fenced, and each of its VMs has its repair. */
export async function relocating(bench: StoreBench, name: string, vmNames?: readonly string[]) {
  const cloud = await twoHosts(bench, name, vmNames);
  const opened = await bench.engine.openHostIncident(hostDied(cloud.host.id, cloud.vmIds));
  if (opened?.repairId === undefined) throw new Error("a first incident with a plan has a repair");
  await bench.engine.beginRepair(opened.repairId, 3600);
  const proof = { method: "power", at: 4000, words: "It is off." } as const;
  await bench.engine.recordStanding(cloud.host.id, "fenced", "It is off.", 4000, proof);
  const parts = await bench.engine.partsOf(opened.incidentId);
  const plan = { technique: "relocate", words: "Start it on another host." } as const;
  const plans = parts.map(({ incident }) => ({ incidentId: incident.id, plan }));
  const repairs = await bench.engine.planRelocations(plans, 4100);
  const [repairId] = repairs;
  if (repairId === undefined) throw new Error("each part has its repair");
  return { ...cloud, opened, plans, repairs, repairId };
}
