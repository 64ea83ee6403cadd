import { createRig, type Rig } from "../../lib/sim/index.ts";
import { sameAs, type Values, whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { type BenchContext, measurement } from "./types.ts";

const vmsPerHost = 8;
const hostsPerRack = 40;
const scanMs = 2_000;
const warmUpMs = 30_000;

const hostName = (n: number) => `host-${n}`;
const vmName = (host: number, n: number) => `vm-${host}-${n}`;

const cloudOf = (hosts: number) =>
  Array.from({ length: hosts }, (_, index) => ({
    name: hostName(index),
    rack: `rack-${Math.floor(index / hostsPerRack)}`,
    sharedPaths: ["/shared"],
    fence: [{}],
    vms: Array.from({ length: vmsPerHost }, (_, n) => ({ name: vmName(index, n) })),
  }));

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function open(hosts: number, { log, onEnd }: BenchContext): Promise<Rig> {
  log(`SIMULATED: ${hosts} hosts, ${hosts * vmsPerHost} VMs`);
  const rig = await createRig({ hosts: cloudOf(hosts) });
  onEnd(() => rig.close());
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(warmUpMs);
  const { vms } = rig.store.tables;
  if (vms.size !== hosts * vmsPerHost) throw new Error(`${vms.size} VMs were adopted, of ${hosts * vmsPerHost}`);
  await rig.act({ do: "choose", vm: "*", consent: "relocate" });
  await rig.clock.advance(warmUpMs);
  return rig;
}

/** CPU time of everything that happens while one scan of all hosts comes round: Belay's and the simulated hosts' together. */
async function scanCost(rig: Rig, rounds: number): Promise<number[]> {
  const costs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const before = cpuMs();
    await rig.clock.advance(scanMs);
    costs.push(cpuMs() - before);
  }
  return costs;
}

/** From QEMU's death (the event follows at once) until incident and plan are written: by the wall, by the CPU, and by the simulated clock. */
async function eventToPlan(rig: Rig, hosts: number, kills: number) {
  const [wallMs, busyMs, virtualMs]: [number[], number[], number[]] = [[], [], []];
  const { incidents, repairs } = rig.store.tables;
  for (let kill = 0; kill < kills; kill++) {
    const vm = vmName(Math.floor((kill * hosts) / kills), kill % vmsPerHost);
    const [known, knownRepairs] = [incidents.size, repairs.size];
    const [began, beganBusy, beganVirtual] = [performance.now(), cpuMs(), rig.clock.now()];
    await rig.act({ do: "kill-qemu", vm });
    const planned = () => incidents.size > known && repairs.size > knownRepairs;
    if (!(await rig.clock.runUntil(planned, 10_000))) throw new Error(`${vm} was killed and nothing was planned`);
    wallMs.push(performance.now() - began);
    busyMs.push(cpuMs() - beganBusy);
    virtualMs.push(rig.clock.now() - beganVirtual);
    await rig.clock.advance(50);
  }
  return { wallMs, busyMs, virtualMs };
}

/** From the first host of the rack that is declared dead until each of its VMs has its plan: wall time, and that of the simulated clock. */
async function loseRack(rig: Rig) {
  const lost = new Set<string>();
  for (let host = 0; host < hostsPerRack; host++) {
    await rig.act({ do: "host-power-off", host: hostName(host) });
    for (let n = 0; n < vmsPerHost; n++) lost.add(vmName(host, n));
  }
  const offAt = rig.clock.now();
  const { incidents, repairs, vms } = rig.store.tables;
  const known = incidents.size;
  if (!(await rig.clock.runUntil(() => incidents.size > known, 30_000))) throw new Error("no host was declared dead");
  const [detectedAt, detectedVirtual] = [performance.now(), rig.clock.now()];
  const planned = () => {
    let count = 0;
    for (const repair of repairs.values())
      if (repair.technique === "relocate" && repair.vmId !== null && lost.has(vms.get(repair.vmId)?.vm.name ?? ""))
        count++;
    return count;
  };
  let looks = 0;
  // Counting costs time as well, so it is not done after every timer.
  const all = () => ++looks % 200 === 0 && planned() >= lost.size;
  const done = await rig.clock.runUntil(all, 120_000);
  const result = {
    allPlannedMs: Math.round(performance.now() - detectedAt),
    allPlannedVirtualMs: rig.clock.now() - detectedVirtual,
    detectedVirtualMs: detectedVirtual - offAt,
    planned: planned(),
    lostVms: lost.size,
  };
  if (!done) throw new Error(`only ${result.planned} of ${lost.size} VMs were planned`);
  await rig.clock.advance(120_000);
  const back = [...vms.values()].filter(({ vm }) => lost.has(vm.name) && vm.state === "running").length;
  return { ...result, back };
}

const flags = {
  hosts: whole("N", 2_500, `hosts of ${vmsPerHost} VMs each`, hostsPerRack),
  kills: whole("N", 300, "how many VMs die, one after another"),
  runs: sameAs("kills"),
};

async function run(context: BenchContext, { hosts, kills, runs }: Values<typeof flags>) {
  const { log } = context;
  const rig = await open(hosts, context);
  log("SIMULATED: scans");
  const scanCpuMs = await scanCost(rig, 5);
  log("SIMULATED: a VM dies, many times");
  const { wallMs, busyMs, virtualMs } = await eventToPlan(rig, hosts, runs ?? kills);
  log(`SIMULATED: a rack of ${hostsPerRack} hosts loses its power`);
  const rack = await loseRack(rig);
  const rssMiB = Math.round(process.memoryUsage().rss / 2 ** 20);
  // The same on a tenth of the cloud: what grows with it, and how.
  const small = await open(Math.max(hostsPerRack * 4, Math.round(hosts / 10)), context);
  const smallScan = await scanCost(small, 5);
  return {
    simulated: true,
    ...{ hosts, vms: hosts * vmsPerHost },
    scanCpuMs: summary(scanCpuMs, 0),
    scanMeans:
      "CPU time per 2 s of the cloud's time, in which every host is scanned once; the simulated hosts' own work is in it",
    eventToPlanMs: summary(wallMs, 1),
    eventToPlanMeans:
      "wall time from QEMU's death to incident and plan in the (memory) store, with all that happens in the meantime (about 250 ms of the cloud's time): all other hosts' scans, the guests' checks, and the simulated hosts' own work",
    eventToPlanCpuMs: summary(busyMs, 1),
    eventToPlanCpuMeans:
      "the same as CPU time of the process, garbage collection included: what other programs take away is not in it",
    eventToPlanVirtualMs: summary(virtualMs, 0),
    ...rack,
    allPlannedMeans:
      "wall time that Belay and the simulation compute from the first host declared dead to the plan of the last VM; waiting is not in it, see allPlannedVirtualMs",
    rssMiB,
    comparedWith: "a tenth of the hosts, in the same run",
    smallScanCpuMs: summary(smallScan, 0),
    target: "eventToPlanMs.p99 ≤ 50, rssMiB ≤ 1024, allPlannedMs ≤ 2000",
  };
}

export const bench = measurement({
  name: "scale",
  summary: "SIMULATED: 2,500 hosts with 20,000 VMs: scans, a VM's death to its plan, a rack of 40 hosts lost",
  ...{ flags, run },
});
