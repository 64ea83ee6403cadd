import type { CheckpointId } from "../../lib/model/index.ts";
import { sameAs, type Values, whole } from "./flags.ts";
import { openCopy } from "./saved/copies.ts";
import { startClient } from "./saved/load.ts";
import { openSavingLab } from "./saved/saving-lab.ts";
import { count, guestMemoryMiB, loadFlags, startWorkload, workloadUrl } from "./saved/workload.ts";
import { summary } from "./stats.ts";
import { type BenchContext, measurement } from "./types.ts";

/** So many looks of the copy's own at disk and memory after it went on. */
const looks = 3;
const keptGenerations = 2;

const flags = {
  captures: whole("N", 200, "how often the guest is saved"),
  runs: sameAs("captures"),
  every: whole("K", 1, "each K-th is restored and compared"),
  ...loadFlags(32, 4),
};

async function run(context: BenchContext, given: Values<typeof flags>) {
  const { log, onEnd } = context;
  const { every } = given;
  const captures = given.runs ?? given.captures;
  const load = { memoryMiB: given.memory, dirtyMiBps: given.dirty };
  const saving = await openSavingLab(context, 1);
  const vm = await saving.addGuest({ name: "shop", host: "host-1", memoryMiB: guestMemoryMiB(load) });
  const { address } = vm.guest;
  await startWorkload(address, load);
  await count(address, 1);
  const client = await startClient({ url: workloadUrl(address), connections: 2 });
  onEnd(() => client.stop());
  const taken: CheckpointId[] = [];
  const torn: { readonly capture: number; readonly first: string }[] = [];
  const [pausesMs, restoreMs]: [number[], number[]] = [[], []];
  let [failed, unread, restored, lazy] = [0, 0, 0, 0];
  for (let number = 1; number <= captures; number++) {
    let id: CheckpointId;
    try {
      const captured = await saving.capture(vm, "background", taken.at(-1) ?? null);
      id = captured.id;
      pausesMs.push(captured.pauseMs);
    } catch (error) {
      failed++;
      log(`capture ${number}: ${error instanceof Error ? error.message : String(error)}`);
      continue;
    }
    taken.push(id);
    if (taken.length > keptGenerations) await saving.checkpoints.drop(taken.splice(0, taken.length - keptGenerations));
    if (number % every !== 0) continue;
    const began = performance.now();
    const copy = await openCopy(saving, vm, id, number);
    restoreMs.push(performance.now() - began);
    restored++;
    if (copy.lazy) lazy++;
    try {
      const first = await copy.counted();
      let last = first;
      while (last.torn === 0 && last.checks < first.checks + looks) last = await copy.counted();
      if (last.torn > 0) torn.push({ capture: number, first: last.first });
    } catch (error) {
      unread++;
      log(`capture ${number}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await copy.end();
    }
    if (number % 10 === 0) log(`${number}/${captures}: ${restored} restored, ${torn.length} torn, ${unread} unread`);
  }
  const original = await count(address, 1);
  return {
    ...load,
    ...{ captures, captureFailed: failed, restored, restoredEvery: every, restoredLazily: lazy },
    torn: torn.length,
    tornOnes: torn.slice(0, 10),
    unread,
    original: { steps: original.ram, torn: original.torn },
    tornMeans:
      "in the guest, a record goes to a ring of eight blocks on the disk past the page cache and is synced, and only then into the ring in memory; before each step all of the disk's ring is compared with the memory's. Each copy goes on from its capture and compares again: a disk two or more steps older or newer than the memory differs",
    pauseMs: summary(pausesMs, 1),
    restoreMs: summary(restoreMs, 0),
    target: "torn = 0, unread = 0, captureFailed = 0",
  };
}

export const bench = measurement({
  name: "tearing",
  summary:
    "disk and memory of one instant: a guest that counts in lock-step on both, captured under load, each copy restored beside it and compared",
  ...{ flags, run },
});
