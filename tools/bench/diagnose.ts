import { summary } from "./stats.ts";
import { faultClasses } from "./together/faults.ts";
import { type Judged, judgeSimulated } from "./together/simulated-faults.ts";
import type { Bench } from "./types.ts";

const share = (of: readonly Judged[]) => of.filter((it) => it.right).length / Math.max(1, of.length);

export const bench: Bench = {
  name: "diagnose",
  summary: "labelled faults against what provider and customer conclude (--each N of every class in SIMULATION)",
  async run({ args, log, signal }) {
    const each = Number(args.each ?? 18);
    const only = args.only;
    const judged: Judged[] = [];
    for (const fault of faultClasses.filter(({ name }) => only === undefined || name === only)) {
      for (let seed = 1; seed <= each; seed++) {
        signal.throwIfAborted();
        const one = await judgeSimulated(fault, seed);
        judged.push(one);
        if (!one.right) log(`wrong: ${fault.name}, seed ${seed}: ${one.concluded}`);
      }
      const mine = judged.filter((it) => it.fault === fault.name);
      log(`SIMULATED ${fault.name}: ${mine.filter((it) => it.right).length} of ${mine.length}`);
    }
    const byClass = Object.fromEntries(
      faultClasses.map(({ name }) => {
        const mine = judged.filter((it) => it.fault === name);
        return [
          name,
          {
            faults: mine.length,
            accuracy: share(mine),
            tookMs: summary(
              mine.flatMap((it) => it.tookMs ?? []),
              0,
            ),
          },
        ];
      }),
    );
    return {
      simulated: true,
      faults: judged.length,
      classes: new Set(judged.map((it) => it.fault)).size,
      accuracy: share(judged),
      destructiveWhileUncertain: judged.reduce((sum, it) => sum + it.destructiveWhileUncertain, 0),
      wrong: judged.filter((it) => !it.right).map(({ fault, seed, concluded }) => ({ fault, seed, concluded })),
      byClass,
      target: "≥ 300 faults of ≥ 12 classes: accuracy ≥ 0.99, destructiveWhileUncertain 0",
    };
  },
};
