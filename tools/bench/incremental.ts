import { setTimeout as sleep } from "node:timers/promises";
import type { CheckpointId } from "../../lib/model/index.ts";
import { type Values, whole } from "./flags.ts";
import { readFigures } from "./saved/figures.ts";
import { openSavingLab, type SavingLab } from "./saved/saving-lab.ts";
import { guestMemoryMiB, loadFlags, setRate, startWorkload, touch } from "./saved/workload.ts";
import { summary } from "./stats.ts";
import { type BenchContext, measurement } from "./types.ts";

const MiB = 2 ** 20;
const pageBytes = 4096;
const share = 0.05;

/** Everything of a checkpoint, each page compared with its checksum. */
async function readAll({ kept }: SavingLab, id: CheckpointId) {
  const stored = await kept.store.get(id);
  const began = performance.now();
  let bytes = 0;
  for (const { name } of stored?.volumes ?? [])
    for await (const batch of kept.store.read(id, name)) bytes += batch.data.byteLength;
  return { bytes, ms: performance.now() - began };
}

const sum = (all: readonly number[]): number => all.reduce((total, one) => total + one, 0);
const ratio = (part: number, all: number): number => Math.round((1_000 * part) / all) / 1_000;

const flags = { runs: whole("N", 5, "checkpoints that are compared with the first"), ...loadFlags(192, 0) };

async function run(context: BenchContext, { runs, memory: memoryMiB, dirty: dirtyMiBps }: Values<typeof flags>) {
  const { log } = context;
  const guestMiB = guestMemoryMiB({ memoryMiB });
  const saving = await openSavingLab(context, 1);
  const vm = await saving.addGuest({ name: "shop", host: "host-1", memoryMiB: guestMiB });
  await startWorkload(vm.guest.address, { memoryMiB, dirtyMiBps: 0 });
  await sleep(5_000); // what a guest does after its boot

  const capture = async (base: CheckpointId | null) => {
    const captured = await saving.capture(vm, "background", base);
    const stored = await saving.kept.store.get(captured.id);
    return { ...captured, rawBytes: stored?.storedRawBytes ?? 0 };
  };
  const first = await capture(null);
  const idle = await capture(first.id);
  log(
    `the first holds ${Math.round(first.changedBytes / MiB)} MiB; an idle guest changes ${Math.round(idle.changedBytes / MiB)} MiB`,
  );
  // From here on it rewrites by itself as well, where that was asked for.
  const { rewritten: before } = await setRate(vm.guest.address, { memoryMiB, dirtyMiBps });
  let rewritten = before;
  const seconds: Awaited<ReturnType<typeof capture>>[] = [];
  const pages = Math.round((guestMiB * MiB * share) / pageBytes);
  let base = idle.id;
  for (let at = 0; at < runs; at++) {
    ({ rewritten } = await touch(vm.guest.address, pages));
    const second = await capture(base);
    seconds.push(second);
    base = second.id;
    log(
      `run ${at + 1}/${runs}: ${Math.round(second.changedBytes / 1024)} KiB changed, ${Math.round(second.storedBytes / 1024)} KiB stored`,
    );
  }
  const reads: Awaited<ReturnType<typeof readAll>>[] = [];
  for (let at = 0; at < 3; at++) reads.push(await readAll(saving, base));
  const changed = sum(seconds.map((it) => it.changedBytes));
  const rewrittenBytes = (rewritten - before) * pageBytes;
  return {
    ...{ guestMiB, memoryMiB, dirtyMiBps, runs, rewrittenKiB: Math.round(rewrittenBytes / runs / 1024) },
    storedBytesPerChangedByte: {
      beforeCompression: ratio(sum(seconds.map((it) => it.rawBytes)), changed),
      afterCompression: ratio(sum(seconds.map((it) => it.storedBytes)), changed),
    },
    storedMeans:
      "bytes that the store's files grew by (pages, indexes and manifest) for each byte of a page that differs from the checkpoint before. Every rewritten page is half random bytes and half text, and like no other",
    changedPerRewrittenByte: ratio(changed, rewrittenBytes),
    changedMeans: "pages that differ, beside what the guest says that it rewrote: its kernel and its log write too",
    secondAgainstFirstPercent: summary(
      seconds.map((it) => (100 * it.storedBytes) / first.storedBytes),
      2,
    ),
    secondMeans: `${share * 100} % of the guest's memory was rewritten in between${dirtyMiBps > 0 ? `, and ${dirtyMiBps} MiB/s besides` : ""}; both as stored, after compression`,
    first: {
      changedMiB: ratio(first.changedBytes, MiB),
      storedMiB: ratio(first.storedBytes, MiB),
      tookMs: Math.round(first.tookMs),
    },
    idleChangedKiB: Math.round(idle.changedBytes / 1024),
    secondTookMs: summary(
      seconds.map((it) => it.tookMs),
      0,
    ),
    ...readFigures(reads),
    readMeans:
      "MiB/s, readRate is the median: a whole checkpoint that lies in several generations, read by another process than the store's, each page compared with its checksum",
    target: "storedBytesPerChangedByte.beforeCompression ≤ 1.1, afterCompression ≤ 0.7, secondAgainstFirstPercent ≤ 12",
  };
}

export const bench = measurement({
  name: "incremental",
  summary:
    "what a checkpoint adds to the store for each byte that changed, before and after compression; the second against the first when 5 % of the memory was rewritten; how fast it is read",
  ...{ flags, run },
});
