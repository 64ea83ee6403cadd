import { setTimeout as sleep } from "node:timers/promises";
import { startVisitors, treated } from "../../auction/visitors.ts";
import { summary } from "../stats.ts";
import type { BenchContext } from "../types.ts";
import type { AuctionLab } from "./auction-lab.ts";

const settleMs = 3_000;

/** As visitors of RUBiS are, who read what they got before they go on; and as many requests as the six VMs can answer at all. */
export const overheadLoads = {
  visitors: { visitors: 8, thinkMs: 1_000 },
  saturated: { visitors: 4, thinkMs: 0 },
} as const;
type Load = keyof typeof overheadLoads;

/** Requests a second that get answered in one window. */
async function throughput(address: string, load: Load, windowMs: number, prefix: string): Promise<number> {
  const running = startVisitors({ address, prefix, ...overheadLoads[load] });
  await sleep(settleMs);
  running.take();
  const begun = performance.now();
  await sleep(windowMs);
  const answered = running.take().filter(treated).length;
  const perSecond = (answered * 1000) / (performance.now() - begun);
  await running.stop();
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
  const seen: Record<Load, { none: number[]; collaborative: number[] }> = {
    visitors: { none: [], collaborative: [] },
    saturated: { none: [], collaborative: [] },
  };
  let runs = true;
  let windows = 0;
  const measure = async (way: "none" | "collaborative") => {
    signal.throwIfAborted();
    const wanted = way === "collaborative";
    if (runs !== wanted) await (wanted ? lab.startManager() : lab.stopManager());
    runs = wanted;
    await lab.setMode(way);
    for (const load of ["visitors", "saturated"] as const) {
      const perSecond = await throughput(address, load, windowMs, `o${++windows}`);
      seen[load][way].push(perSecond);
      log(`  ${way}${wanted ? ", manager and sensors" : ""}, ${load}: ${perSecond.toFixed(2)} requests/s`);
    }
  };
  for (let pair = 0; pair < pairs; pair++)
    for (const way of pair % 2 === 0 ? (["collaborative", "none"] as const) : (["none", "collaborative"] as const))
      await measure(way);
  if (!runs) await lab.startManager();
  await lab.setMode("collaborative");
  const told = (load: Load) => {
    const [none, collaborative] = [summary(seen[load].none, 2), summary(seen[load].collaborative, 2)];
    return {
      load: overheadLoads[load],
      percent: Number((100 * (1 - (collaborative.p50 ?? 0) / (none.p50 ?? 1))).toFixed(2)),
      /** How far windows of the same kind lie apart. */
      noisePercent: Number((100 * (((none.max ?? 0) - (none.min ?? 0)) / (none.p50 ?? 1))).toFixed(2)),
      requestsPerSecond: { none, collaborative },
    };
  };
  const visitors = told("visitors");
  return { overheadPercent: visitors.percent, visitors, saturated: told("saturated"), windowMs };
}
