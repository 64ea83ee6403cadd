import type { AuctionImage } from "../auction/stage.ts";
import { startVisitors, type Visit } from "../auction/visitors.ts";
import { oneOf, type Values, whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { openAuctionLab } from "./together/auction-lab.ts";
import { lostWrites, untreated } from "./together/auction-losses.ts";
import { overheadOf } from "./together/auction-overhead.ts";
import { type DatabaseVm, type Phases, type RepairSeen, repairOf } from "./together/auction-repair.ts";
import { type BenchContext, measurement } from "./types.ts";

const visitors = 4;
const thinkMs = 800;
const phaseNames = ["detectMs", "agreeMs", "vmBackMs", "deployingMs", "startingMs", "synchronisingMs"] as const;
const paperMs = 330_000;

const phaseSummary = (all: readonly Phases[]) =>
  Object.fromEntries(phaseNames.map((name) => [name, summary(all.flatMap((it) => it[name] ?? []))]));

const flags = {
  runs: whole("N", 5, "how often the VM is killed, on each image"),
  image: oneOf(["bare", "prepared", "both"], "both", "what a new VM is made from"),
  pairs: whole("N", 3, "windows without and with the manager, for what it costs", 0),
  window: whole("MS", 20_000, "how long each of these is"),
};

async function measured(
  context: BenchContext,
  image: AuctionImage,
  { runs, pairs, window: windowMs }: { readonly runs: number; readonly pairs: number; readonly window: number },
) {
  const { log, signal } = context;
  const lab = await openAuctionLab(context, image);
  const repairs: RepairSeen[] = [];
  const requests: string[] = [];
  const lost: string[] = [];
  const failed: string[] = [];
  let sent = 0;
  try {
    const address = await lab.address("web");
    const overhead = pairs === 0 ? null : await overheadOf(lab, { pairs, log, signal, windowMs });
    for (let run = 1; run <= runs; run++) {
      // The one that works for all, each time: the other took its place by the run before.
      const vm: DatabaseVm = run % 2 === 1 ? "db-1" : "db-2";
      const prefix = `${image.slice(0, 1)}${run}`;
      const load = startVisitors({ address, visitors, thinkMs, prefix });
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      const begun = Date.now();
      let visits: readonly Visit[] = [];
      try {
        const seen = await repairOf(lab, vm, signal);
        repairs.push(seen);
        log(
          `run ${run}/${runs}, ${image}, ${vm}: in rotation after ${seen.rotationMs} ms, and synchronised after ${seen.repairMs} ms`,
        );
        log(`  ${phaseNames.map((name) => `${name} ${seen.phases[name] ?? "?"}`).join(", ")}`);
        for (const step of seen.steps) log(`  ${step}`);
      } catch (error) {
        signal.throwIfAborted();
        failed.push(error instanceof Error ? error.message : String(error));
        log(`run ${run}/${runs}, ${image}, ${vm}: LOST: ${failed.at(-1)}`);
      } finally {
        await load.stop();
        visits = load.take();
      }
      sent += visits.length;
      requests.push(...untreated(visits, begun));
      lost.push(...(await lostWrites(lab, visits, prefix)));
      if (failed.length > 0) break; // what the next run would begin with is not known
    }
    return {
      image,
      upMs: lab.upMs,
      repairMs: summary(repairs.map((it) => it.repairMs)),
      inRotationMs: summary(repairs.map((it) => it.rotationMs)),
      phases: phaseSummary(repairs.map((it) => it.phases)),
      requests: sent,
      untreatedRequests: requests.length,
      untreated: requests,
      lostAcknowledgedWrites: lost.length,
      lost,
      failedRuns: failed,
      overhead,
    };
  } finally {
    await lab.down();
  }
}

async function run(context: BenchContext, given: Values<typeof flags>) {
  const { image } = given;
  const prepared = image === "bare" ? undefined : await measured(context, "prepared", given);
  const pairs = prepared ? 0 : given.pairs;
  const bare = image === "prepared" ? undefined : await measured(context, "bare", { ...given, pairs });
  const both = [prepared, bare].flatMap((it) => it ?? []);
  const sum = (of: (it: (typeof both)[number]) => number) => both.reduce((all, it) => all + of(it), 0);
  const overhead = both.map((it) => it.overhead).find((it) => it !== null) ?? null;
  return {
    untreatedRequests: sum((it) => it.untreatedRequests),
    lostAcknowledgedWrites: sum((it) => it.lostAcknowledgedWrites),
    failedRuns: sum((it) => it.failedRuns.length),
    overheadPercent: overhead?.overheadPercent ?? null,
    overheadSaturatedPercent: overhead?.saturated.percent ?? null,
    load: `${visitors} visitors, ${thinkMs} ms between an answer and the next request, 30 % of requests change something`,
    ...(bare && { bare }),
    ...(prepared && { prepared }),
    comparedWith: `the paper's 5 min 30 s (${paperMs} ms) for the same: VM restarted, servers deployed, database synchronised`,
    timesFasterThanPaper: Object.fromEntries(
      both.map(({ image: name, repairMs }) => [
        name,
        repairMs.p50 === null ? null : Math.round(paperMs / repairMs.p50),
      ]),
    ),
    target:
      "bare.repairMs.p95 ≤ 30000, prepared.repairMs.p95 ≤ 20000, lostAcknowledgedWrites = 0, overheadPercent within noise of 0",
  };
}

export const bench = measurement({
  name: "collaborate",
  summary:
    "a MariaDB VM of the auction is killed under load → its database in rotation again and synchronised, by provider and customer together",
  ...{ flags, run },
});
