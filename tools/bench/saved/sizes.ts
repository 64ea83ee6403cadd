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

/** Fails where there was none: then nothing was forgotten. */
const agentScript = "pkill -f '[b]elay-host/belay-agent.mjs'";

/** Where the bytes of its memory are when the restore is asked for. */
const ways = ["onHost", "fromStore", "fromReplica"] as const;
type Way = (typeof ways)[number];

interface Sized {
  readonly vm: SavedVm;
  id: CheckpointId;
  readonly memoryMiB: number;
  generation: number;
  readonly tookMs: Record<Way, number[]>;
  lazy: number;
}

/**
 * The restore alone, without detection, of a guest of 256 MiB and of one of 1 GiB, in turns: from the call until the guest's program answers.
 * On the host that took the checkpoint and still has its memory; from the store alone, by an agent that knows nothing; and where a replica of
 * it stands by on the host.
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
    vms.push({ vm, id, memoryMiB, generation: 1, lazy: 0, tookMs: { onHost: [], fromStore: [], fromReplica: [] } });
  }
  for (let run = 1; run <= runs; run++)
    for (const one of vms) {
      // Of now: the agent keeps the memory of the newest alone, and of the one before this it was another agent.
      const { id } = await saving.capture(one.vm, "background", null);
      await saving.checkpoints.drop([one.id]);
      one.id = id;
      for (const way of ways) {
        const { guest, definition } = one.vm;
        const sh = (script: string) => runOnHost(saving.name, host.name, ["sh", "-c", script, "sh", guest.name]);
        const known = { id: one.vm.id, uuid: guest.uuid, name: guest.name };
        await sh(killScript);
        if (way === "fromStore") {
          if ((await sh(agentScript)).code !== 0)
            throw new Error("the agent was not found: it would still know the memory");
          const probed = () => saving.checkpoints.probe(host.id, { ...known, hostId: host.id, organizationId: null });
          // A call that was on its way may end with the old one.
          await until("another agent answers", () => probed().catch(() => undefined), 100);
        }
        const request = { checkpoint: one.id, vm: known, definition, generation: ++one.generation };
        if (way === "fromReplica") await saving.checkpoints.refreshStandby(host.id, request);
        const began = performance.now();
        const { lazy } = await saving.checkpoints.restore(host.id, request, null, () => undefined);
        await until(`${guest.name} goes on`, () => workloadStats(guest.address, 400), 10);
        const tookMs = performance.now() - began;
        one.tookMs[way].push(tookMs);
        if (lazy) one.lazy++;
        log(`run ${run}/${runs}: ${guest.name} ${way}: ${Math.round(tookMs)} ms${lazy ? ", mapped" : ""}`);
      }
    }
  await saving.checkpoints.drop(vms.map(({ id }) => id));
  const ratioOf = (way: Way) => {
    const [small, large] = vms.map((one) => summary(one.tookMs[way], 0).p50);
    return small == null || large == null ? null : Math.round((100 * large) / small) / 100;
  };
  for (const { vm } of vms) await runOnHost(saving.name, host.name, ["virsh", "destroy", vm.guest.name]);
  return {
    lazyRatio: ratioOf("onHost"),
    lazyRatioFromStore: ratioOf("fromStore"),
    lazyRatioOfReplica: ratioOf("fromReplica"),
    lazyMeans: `restore of 1 GiB ÷ of 256 MiB (medians), ${filled * 100} % of each really filled; on the host that took the checkpoint and has memory to spare; from the store alone, where all bytes must come to the host first; from a replica that is there. In all three QEMU maps the memory`,
    lazyRestores: vms.reduce((sum, one) => sum + one.lazy, 0),
    restoreMs: Object.fromEntries(
      vms.map((one) => [
        `${one.memoryMiB} MiB`,
        Object.fromEntries(ways.map((way) => [way, summary(one.tookMs[way], 0)])),
      ]),
    ),
  };
}
