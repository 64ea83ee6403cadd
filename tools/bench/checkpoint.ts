import { setTimeout as sleep } from "node:timers/promises";
import type { CaptureMethod, CheckpointId } from "../../lib/model/index.ts";
import { sameAs, type Values, whole } from "./flags.ts";
import { type Client, longestGap, startClient, wallMs } from "./saved/load.ts";
import { openSavingLab, type SavedVm, type SavingLab } from "./saved/saving-lab.ts";
import { guestMemoryMiB, loadFlags, startWorkload, workloadUrl } from "./saved/workload.ts";
import { summary } from "./stats.ts";
import { type BenchContext, measurement } from "./types.ts";

interface Way {
  readonly name: string;
  readonly method: CaptureMethod | undefined;
  readonly everyMs: number;
}
const ways: readonly Way[] = [
  { name: "none", method: undefined, everyMs: 7_000 },
  { name: "stop", method: "stop", everyMs: 7_000 },
  { name: "background", method: "background", everyMs: 7_000 },
  { name: "background1s", method: "background", everyMs: 1_000 },
];
/** Whose turn it is in each round: over four rounds each way comes after each other one once, so that what one leaves behind burdens all alike. */
const turns: readonly (readonly number[])[] = [
  [0, 1, 3, 2],
  [1, 2, 0, 3],
  [2, 3, 1, 0],
  [3, 0, 2, 1],
];
/** What the turn before it has left to do, such as freeing what it dropped, is done by then. */
const settleMs = 2_000;
/** Kept in the store while the next are taken, as the least that a policy keeps. */
const generations = 2;

function median(all: readonly number[]): number {
  const sorted = [...all].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.ceil((sorted.length - 1) / 2)]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
}

interface Window {
  readonly perSecond: number;
  readonly captures: number;
  readonly failed: number;
  readonly pausesMs: number[];
  readonly tookMs: number[];
  /** What the host said of each, where it said anything: that its disks were read whole, above all. */
  readonly words: string[];
  /** The longest silence that the prober heard in each capture; where there is none, in each span of the same length. */
  readonly seenMs: number[];
}

/** Saves the VM again and again, on time where it can, and tells what the client outside got meanwhile. A first, whole one comes before. */
async function measure(saving: SavingLab, vm: SavedVm, client: Client, way: Way, windowMs: number): Promise<Window> {
  const taken: CheckpointId[] = [];
  // The one that the first is compared with: what changed while others were measured is not this one's to carry.
  if (way.method !== undefined) taken.push((await saving.capture(vm, way.method, null)).id);
  const spans: { readonly from: number; readonly to: number }[] = [];
  const [pausesMs, tookMs, words]: [number[], number[], string[]] = [[], [], []];
  let failed = 0;
  await sleep(settleMs);
  await client.take();
  const began = wallMs();
  for (let due = began; due < began + windowMs; due = Math.max(due + way.everyMs, wallMs())) {
    await sleep(Math.max(0, due - wallMs()));
    const from = wallMs();
    if (way.method !== undefined) {
      try {
        const captured = await saving.capture(vm, way.method, taken.at(-1) ?? null);
        taken.push(captured.id);
        pausesMs.push(captured.pauseMs);
        tookMs.push(wallMs() - from);
        if (captured.words !== "") words.push(captured.words);
        if (taken.length > generations) await saving.checkpoints.drop(taken.splice(0, taken.length - generations));
      } catch {
        failed++;
      }
    }
    spans.push({ from, to: way.method === undefined ? from + 1_000 : wallMs() });
  }
  await sleep(Math.max(0, began + windowMs - wallMs()));
  const { answered, probedAt } = await client.take();
  const perSecond = (answered / (wallMs() - began)) * 1_000;
  await saving.checkpoints.drop(taken);
  return {
    ...{ perSecond, captures: pausesMs.length, failed, pausesMs, tookMs, words },
    seenMs: spans.map(({ from, to }) => longestGap(probedAt, from, to)),
  };
}

const flags = {
  runs: whole("N", 12, "rounds; in each all four ways take their turn"),
  rounds: sameAs("runs"),
  window: whole(
    "SECONDS",
    7,
    "how long each turn takes: short ones, in turns, see a machine that is fast now and slow then alike",
  ),
  ...loadFlags(128, 4),
  guest: whole("MiB", 0, "the guest's memory; 0: 128 MiB more than what it rewrites", 0),
};

async function run(context: BenchContext, given: Values<typeof flags>) {
  const { log, onEnd } = context;
  const rounds = given.rounds ?? given.runs;
  const windowMs = given.window * 1_000;
  const load = { memoryMiB: given.memory, dirtyMiBps: given.dirty };
  const guestMiB = given.guest || guestMemoryMiB(load);
  const saving = await openSavingLab(context, 1);
  const vm = await saving.addGuest({ name: "shop", host: "host-1", memoryMiB: guestMiB });
  await startWorkload(vm.guest.address, load);
  const offer = await saving.checkpoints.probe(vm.hostId, {
    ...vm.guest,
    id: vm.id,
    hostId: vm.hostId,
    organizationId: null,
  });
  log(`the host offers ${offer.method}. ${offer.words}`);
  const client = await startClient({ url: workloadUrl(vm.guest.address), connections: 4 });
  onEnd(() => client.stop());
  await sleep(3_000);
  const found = new Map<string, Window[]>(ways.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const turn of turns[round % turns.length] ?? []) {
      const way = ways[turn];
      if (way === undefined) continue;
      const window = await measure(saving, vm, client, way, windowMs);
      found.get(way.name)?.push(window);
      log(
        `round ${round + 1}/${rounds}, ${way.name}: ${window.perSecond.toFixed(1)} requests/s, ${window.captures} captures, ${window.failed} failed, pauses ${window.pausesMs.map((ms) => ms.toFixed(0)).join(" ")} ms`,
      );
    }
  const of = (name: string): Window[] => found.get(name) ?? [];
  const table = <T>(make: (way: Way, windows: Window[]) => T, withNone = false) =>
    Object.fromEntries(ways.filter((way) => withNone || way.method).map((way) => [way.name, make(way, of(way.name))]));
  const overheads = table((_, windows) =>
    windows.map(({ perSecond }, at) => 100 * (1 - perSecond / (of("none")[at]?.perSecond ?? Number.NaN))),
  );
  const lostOf = (windows: readonly Window[], none: readonly Window[]) => {
    const half = (all: readonly Window[]) => median(all.map((it) => it.perSecond));
    return Math.round(1_000 * (1 - half(windows) / half(none))) / 10;
  };
  return {
    ...load,
    ...{ guestMiB, rounds, windowSeconds: windowMs / 1_000 },
    method: offer.method,
    requestsPerSecond: table((_, windows) => windows.map(({ perSecond }) => Math.round(perSecond * 10) / 10), true),
    overheadPercent: table((way) => lostOf(of(way.name), of("none"))),
    overheadPercentOfEachRound: Object.fromEntries(
      Object.entries(overheads).map(([name, all]) => [name, all.map((one) => Math.round(one * 10) / 10)]),
    ),
    overheadMeans:
      "medians of the requests answered in windows with checkpoints against those of windows of the same length without, in turns, and one against the other of each round; agent, store, load and guest share this machine's cores",
    pauseMs: table((_, windows) =>
      summary(
        windows.flatMap((it) => it.pausesMs),
        1,
      ),
    ),
    seenFromOutsideMs: table(
      (_, windows) =>
        summary(
          windows.flatMap((it) => it.seenMs),
          1,
        ),
      true,
    ),
    seenMeans:
      "the longest time without an answer to a prober that asks every 2 ms beside the load, in each capture; under `none` in one second of each 7",
    tookMs: table((_, windows) =>
      summary(
        windows.flatMap((it) => it.tookMs),
        0,
      ),
    ),
    said: table((_, windows) =>
      Object.fromEntries(
        Object.entries(
          Object.groupBy(
            windows.flatMap((it) => it.words),
            (it) => it,
          ),
        ).map(([it, all]) => [it, all?.length ?? 0]),
      ),
    ),
    captures: table((_, windows) => windows.reduce((sum, it) => sum + it.captures, 0)),
    capturesWanted: table((way, windows) => windows.length * Math.ceil(windowMs / way.everyMs)),
    failed: table((_, windows) => windows.reduce((sum, it) => sum + it.failed, 0)),
    target:
      "overheadPercent.background ≤ 5, overheadPercent.background1s ≤ 15, pauseMs.background.p99 ≤ 50; overheadPercent.stop is the paper's way",
  };
}

export const bench = measurement({
  name: "checkpoint",
  summary:
    "what checkpoints cost a guest that serves requests and rewrites memory: without, stop every 7 s, background every 7 s and every 1 s, in turns",
  ...{ flags, run },
});
