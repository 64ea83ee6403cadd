import { runOnHost } from "../../../lab/index.ts";
import type { CheckpointId } from "../../../lib/model/index.ts";
import { until } from "../../stack/enrol.ts";
import { summary } from "../stats.ts";
import type { BenchContext } from "../types.ts";
import { openSavingLab, type SavedVm } from "./saving-lab.ts";
import { startWorkload, workloadStats } from "./workload.ts";

const sizesMiB = [256, 1024] as const;
/** So much of the guest's memory is really filled, with what cannot be left out. */
const filled = 0.7;
const killScript =
  'kill -9 "$(cat "/run/libvirt/qemu/$1.pid")"; while virsh domstate "$1" | grep -q running; do sleep 0.02; done';

interface Sized {
  readonly vm: SavedVm;
  readonly id: CheckpointId;
  readonly memoryMiB: number;
  generation: number;
  readonly fromStoreMs: number[];
  readonly fromReplicaMs: number[];
  lazy: number;
}

/**
 * The restore alone, without detection, of a guest of 256 MiB and of one of 1 GiB, in turns: from the call until the guest's program answers. Once
 * from the store alone, once where a replica of it stands by on the host.
 */
export async function measureSizes(context: BenchContext, runs: number) {
  const { log } = context;
  const saving = await openSavingLab(context, 3);
  const host = saving.hosts[0];
  if (host === undefined) throw new Error("the lab has no host");
  const vms: Sized[] = [];
  for (const memoryMiB of sizesMiB) {
    const vm = await saving.addGuest({ name: `size-${memoryMiB}`, host: host.name, memoryMiB });
    await startWorkload(vm.guest.address, { memoryMiB: Math.round(memoryMiB * filled), dirtyMiBps: 0 });
    const { id, wholeBytes } = await saving.capture(vm, "background", null);
    log(`${vm.guest.name}: ${Math.round(wholeBytes / 2 ** 20)} MiB saved`);
    vms.push({ vm, id, memoryMiB, generation: 1, fromStoreMs: [], fromReplicaMs: [], lazy: 0 });
  }
  for (let run = 1; run <= runs; run++)
    for (const one of vms)
      for (const way of ["fromStoreMs", "fromReplicaMs"] as const) {
        const { guest, definition } = one.vm;
        await runOnHost(saving.name, host.name, ["sh", "-c", killScript, "sh", guest.name]);
        const known = { id: one.vm.id, uuid: guest.uuid, name: guest.name };
        const request = { checkpoint: one.id, vm: known, definition, generation: ++one.generation };
        if (way === "fromReplicaMs") await saving.checkpoints.refreshStandby(host.id, request);
        const began = performance.now();
        const { lazy } = await saving.checkpoints.restore(host.id, request, null, () => undefined);
        await until(`${guest.name} goes on`, () => workloadStats(guest.address, 400), 10);
        one[way].push(performance.now() - began);
        if (lazy) one.lazy++;
        log(
          `run ${run}/${runs}: ${guest.name} ${way === "fromStoreMs" ? "from the store" : "from its replica"}: ${Math.round(one[way].at(-1) ?? 0)} ms`,
        );
      }
  await saving.checkpoints.drop(vms.map(({ id }) => id));
  const ratioOf = (way: "fromStoreMs" | "fromReplicaMs") => {
    const [small, large] = vms.map((one) => summary(one[way], 0).p50);
    return small == null || large == null ? null : Math.round((100 * large) / small) / 100;
  };
  for (const { vm } of vms) await runOnHost(saving.name, host.name, ["virsh", "destroy", vm.guest.name]);
  return {
    lazyRatio: ratioOf("fromStoreMs"),
    lazyRatioOfReplica: ratioOf("fromReplicaMs"),
    lazyMeans: `restore of 1 GiB ÷ of 256 MiB (medians), ${filled * 100} % of each really filled; from the store alone, where all bytes must come to the host first, and from a replica that is there, whose memory is mapped`,
    lazyRestores: vms.reduce((sum, one) => sum + one.lazy, 0),
    restoreMs: Object.fromEntries(
      vms.map((one) => [
        `${one.memoryMiB} MiB`,
        { fromStore: summary(one.fromStoreMs, 0), fromReplica: summary(one.fromReplicaMs, 0) },
      ]),
    ),
  };
}
