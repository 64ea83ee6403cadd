import { setTimeout as sleep } from "node:timers/promises";
import { startVisitors, treated } from "../../auction/visitors.ts";
import { summary } from "../stats.ts";
import type { BenchContext } from "../types.ts";
import type { AuctionLab } from "./auction-lab.ts";

const settleMs = 3_000;

/** Requests a second that visitors without pauses get answered in one window. */
async function throughput(address: string, windowMs: number, prefix: string): Promise<number> {
  const load = startVisitors({ address, visitors: 4, thinkMs: 0, prefix });
  await sleep(settleMs);
  load.take();
  const begun = performance.now();
  await sleep(windowMs);
  const answered = load.take().filter(treated).length;
  const perSecond = (answered * 1000) / (performance.now() - begun);
  await load.stop();
  return perSecond;
}

/**
 * What repairing together costs while nothing fails: mode `none` without manager and sensors against `collaborative` with both, in windows
 * that take turns, and begin with either in turn, so that what the machine does besides meets both.
 */
export async function overheadOf(
  lab: AuctionLab,
  { pairs, windowMs, log, signal }: { pairs: number; windowMs: number } & Pick<BenchContext, "log" | "signal">,
) {
  const address = await lab.address("web");
  const without: number[] = [];
  const together: number[] = [];
  const perPair: number[] = [];
  let runs = true;
  const measure = async (protectedNow: boolean) => {
    signal.throwIfAborted();
    if (runs !== protectedNow) await (protectedNow ? lab.startManager() : lab.stopManager());
    runs = protectedNow;
    await lab.setMode(protectedNow ? "collaborative" : "none");
    const perSecond = await throughput(address, windowMs, `o${without.length + together.length}`);
    (protectedNow ? together : without).push(perSecond);
    log(`  ${protectedNow ? "collaborative, manager and sensors" : "none"}: ${perSecond.toFixed(2)} requests/s`);
    return perSecond;
  };
  for (let pair = 0; pair < pairs; pair++) {
    const order = pair % 2 === 0 ? [true, false] : [false, true];
    const seen = new Map<boolean, number>();
    for (const way of order) seen.set(way, await measure(way));
    perPair.push(100 * (1 - (seen.get(true) ?? 0) / (seen.get(false) ?? 1)));
  }
  if (!runs) await lab.startManager();
  await lab.setMode("collaborative");
  const [none, both] = [summary(without, 2), summary(together, 2)];
  return {
    overheadPercent: Number((100 * (1 - (both.p50 ?? 0) / (none.p50 ?? 1))).toFixed(2)),
    perPairPercent: summary(perPair, 2),
    requestsPerSecond: { none, collaborative: both },
    /** How far windows of the same kind lie apart. */
    noisePercent: Number((100 * (((none.max ?? 0) - (none.min ?? 0)) / (none.p50 ?? 1))).toFixed(2)),
    windowMs,
  };
}
