import { setTimeout as sleep } from "node:timers/promises";
import { createGuest, type GuestInfo, powerOff, powerOn, runOnHost } from "../../lab/index.ts";
import type { CheckpointStatusView, MaintenanceView, VmView } from "../../lib/contract/index.ts";
import { adopted, cloudOf, until } from "../stack/enrol.ts";
import { allProtected, answers, type FaultLab, openFaultLab } from "../stack/fault-lab.ts";
import { amount, someOf, type Values, whole } from "./flags.ts";
import { backFigures } from "./saved/figures.ts";
import { measureSizes } from "./saved/sizes.ts";
import { openHistory } from "./saved/ticks.ts";
import { guestMemoryMiB, type Load, loadFlags, startWorkload, workloadStats } from "./saved/workload.ts";
import { summary } from "./stats.ts";
import { type BenchContext, measurement } from "./types.ts";

const faults = ["same-host", "other-host", "standby"] as const;
type Fault = (typeof faults)[number];
const named: Readonly<Record<Fault, string>> = {
  "same-host": "sameHost",
  "other-host": "otherHost",
  standby: "standby",
};
const leastGuestMiB = 256;
const victim = "host-1";
const witness = "host-3";
/** Where a guest may be. */
const hosts = [victim, "host-2"];
const backMs = 90_000;
const killScript = 'kill -9 "$(cat "/run/libvirt/qemu/$1.pid")"';

interface Run {
  readonly backMs: number;
  readonly lostMs: number;
  readonly keptEveryMs: number | null;
}

const statusOf = async ({ server }: FaultLab, vm: VmView): Promise<CheckpointStatusView | undefined> =>
  (await cloudOf(server)).checkpointStatuses.find((it) => it.vmId === vm.id);

/** A guest of its own for each run: the planner gives a VM time between two repairs. */
async function protectedGuest(fault: FaultLab, name: string, everyMs: number, standby: boolean, load: Load) {
  const memoryMiB = Math.max(leastGuestMiB, guestMemoryMiB(load));
  const guest = await createGuest(fault.name, { name, host: victim, disk: "shared", memoryMiB });
  await answers(guest);
  await startWorkload(guest.address, load);
  const vm = await adopted(fault.server, name, guest.address);
  await fault.server.api("PATCH", `/vms/${vm.id}`, {
    ...{ consent: "roll-back", wanted: "running", checkpointEveryMs: everyMs, standby },
  });
  let status: CheckpointStatusView | undefined;
  const isReady = async () => {
    status = await statusOf(fault, vm);
    return status?.keptEveryMs != null && (!standby || status.standby?.ready === true) ? true : undefined;
  };
  await until(`${name} is saved regularly${standby ? ", with a standby" : ""}`, isReady, 100).catch(
    (cause: unknown) => {
      const output = fault.server.output().split("\n").slice(-8).join("\n");
      throw new Error(`${String(cause)}\n${JSON.stringify(status)}\n${output}`, { cause });
    },
  );
  return { guest, vm };
}

async function failed(fault: FaultLab, guest: GuestInfo, vm: VmView, how: Fault): Promise<Run> {
  const history = openHistory(guest.address);
  try {
    await sleep(1_000 + Math.random() * 4_000); // anywhere between two captures
    const keptEveryMs = (await statusOf(fault, vm))?.keptEveryMs ?? null;
    const failedAt = Date.now();
    history.end();
    if (how === "same-host") await runOnHost(fault.name, victim, ["sh", "-c", killScript, "sh", guest.name]);
    else await powerOff(fault.name, victim);
    // One that booted anew has no workload and never answers here.
    const first = await until(`${guest.name} goes on`, () => workloadStats(guest.address, 400), 10, backMs);
    return { backMs: Date.now() - failedAt, lostMs: failedAt - history.whenWas(first.ticks), keptEveryMs };
  } finally {
    history.end();
  }
}

const endMs = 120_000;
const lastIncidentOf = async ({ server }: FaultLab, vm: VmView) =>
  (await cloudOf(server)).incidents.find((it) => it.vmId === vm.id);

/** Until its repair is over, and how long each step of it took. */
async function repairOver(fault: FaultLab, vm: VmView): Promise<string> {
  const over = async () => {
    const incident = await lastIncidentOf(fault, vm);
    return incident?.endedAt != null || incident?.state === "handed-over" ? incident : undefined;
  };
  const { td, tp, repairs } = await until(`the repair of ${vm.name} is over`, over, 100, endMs);
  const took = repairs
    .flatMap(({ steps }) => steps)
    .map(({ name, startedAt, finishedAt }) => `${name} ${finishedAt === null ? "…" : finishedAt - startedAt}`);
  return [`noticed after ${td - tp} ms`, ...took].join(", ");
}

/** Whatever became of it, the next run must not share the machine with it. Before its repair is over that would be at work against this. */
async function putAway(fault: FaultLab, vm: VmView): Promise<void> {
  await fault.server.api("PATCH", `/vms/${vm.id}`, { checkpointEveryMs: 0, standby: false, wanted: "stopped" });
  const script = 'virsh destroy "$1"; virsh undefine "$1"; true';
  for (const host of hosts) await runOnHost(fault.name, host, ["sh", "-c", script, "sh", vm.name]);
}

async function told({ server }: FaultLab): Promise<string[]> {
  const { incidents } = await cloudOf(server);
  return incidents
    .slice(0, 4)
    .flatMap((it) => [
      `${it.cause} ${it.state}: ${it.words}`,
      ...it.repairs.flatMap(({ steps }) =>
        steps.map((step) => `  ${step.name} ${step.state}: ${step.words} ${step.detail ?? ""}`),
      ),
    ]);
}

const flags = {
  runs: whole("N", 10, "failures of each kind"),
  every: amount("SECONDS", 5, "the interval of the checkpoints", 1),
  ...loadFlags(64, 1),
  only: someOf([...faults, "sizes"], "only these"),
  sizeRuns: whole("N", 5, "restores of each size, and no more than --runs; their memory is their own"),
};

async function run(context: BenchContext, given: Values<typeof flags>) {
  const { log, lab: openLab, onEnd } = context;
  const { runs, only: kinds } = given;
  const everyMs = given.every * 1_000;
  const load: Load = { memoryMiB: given.memory, dirtyMiBps: given.dirty };
  const { name } = await openLab({ hosts: 3 });
  const sizes = kinds.includes("sizes") ? await measureSizes(context, Math.min(runs, given.sizeRuns)) : null;
  const found = new Map<Fault, Run[]>();
  let lost = 0;
  if (kinds.some((kind) => kind !== "sizes")) {
    // Runs follow one another within a minute: to the storm guard that would look like a storm.
    const policy = { stormWindowMs: 5_000 };
    const fault = await openFaultLab({ lab: { name }, guests: {}, policy, log, onEnd });
    const third = await fault.host(witness);
    await fault.server.api<MaintenanceView>("POST", `/hosts/${third.id}/maintenance`, { parallel: 1 });
    let number = 0;
    for (const how of faults) {
      if (!kinds.includes(how)) continue;
      const done: Run[] = [];
      found.set(how, done);
      for (let count = 1; count <= runs; count++) {
        const { guest, vm } = await protectedGuest(fault, `shop-${++number}`, everyMs, how === "standby", load);
        try {
          const it = await failed(fault, guest, vm, how);
          done.push(it);
          log(`${how} ${count}/${runs}: back after ${it.backMs} ms, ${Math.round(it.lostMs)} ms of work lost`);
          log(`  ${await repairOver(fault, vm)}`);
        } catch (error) {
          lost++;
          log(`${how} ${count}/${runs}: LOST: ${error instanceof Error ? error.message : String(error)}`);
          for (const line of await told(fault)) log(`  ${line}`);
        }
        if (how !== "same-host") {
          await powerOn(name, victim);
          await allProtected(fault);
        }
        await putAway(fault, vm);
      }
    }
  }
  const all = [...found.values()].flat();
  return {
    ...{ everyMs, ...load },
    ...Object.fromEntries([...found].map(([how, done]) => [named[how], backFigures(done.map((it) => it.backMs))])),
    backMeans:
      "ms from kill -9 of QEMU, or from the host's power off (detection by Belay and proof by the fence device in it), to the first answer of the guest's program, which only the saved memory can give",
    lost,
    lostWorkInIntervals: summary(
      all.map((it) => it.lostMs / everyMs),
      2,
    ),
    lostWorkInKeptIntervals: summary(
      all.flatMap((it) => (it.keptEveryMs === null ? [] : it.lostMs / it.keptEveryMs)),
      2,
    ),
    lostMeans:
      "the guest's own clock of 10 ms steps at its first answer, against when it was last seen at that step, to the failure; in units of the interval that was chosen, and of the one that was really kept",
    ...sizes,
    target:
      "sameHost.p95Ms ≤ 4000, otherHost.p95Ms ≤ 12000, standby.p95Ms ≤ 9000, lazyRatio ≤ 1.5, lostWorkInIntervals ≤ 1.1, lost = 0",
  };
}

export const bench = measurement({
  name: "restore",
  summary:
    "a saved guest's QEMU is killed, or its host loses power → its program goes on from the newest checkpoint, on the same host, another, or a standby's; restore of 1 GiB against 256 MiB",
  ...{ flags, run },
});
