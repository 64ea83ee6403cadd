import { openFaultLab } from "../stack/fault-lab.ts";
import { sameAs, someOf, whole } from "./flags.ts";
import { summary } from "./stats.ts";
import { faultClasses } from "./together/faults.ts";
import { judgeLab, labClassNames, labCustomer } from "./together/lab-faults.ts";
import { type Judged, judgeSimulated } from "./together/simulated-faults.ts";
import { measurement } from "./types.ts";

const share = (of: readonly Judged[]) => of.filter((it) => it.right).length / Math.max(1, of.length);

const classNames = [...new Set([...faultClasses.map(({ name }) => name), ...labClassNames])];

export const bench = measurement({
  name: "diagnose",
  summary: "labelled faults, SIMULATED and in the lab, against what provider and customer conclude",
  flags: {
    each: whole("N", 18, "faults of each class, SIMULATED", 0),
    runs: sameAs("each"),
    lab: whole("N", 2, "faults of each class in the lab; 0: no lab comes up", 0),
    only: someOf(classNames, "only these classes"),
  },
  async run({ log, signal, lab, onEnd }, { only, runs, each: given, lab: inLab }) {
    const each = runs ?? given;
    const judged: Judged[] = [];
    for (const fault of faultClasses.filter(({ name }) => only.includes(name))) {
      for (let seed = 1; seed <= each; seed++) {
        signal.throwIfAborted();
        const one = await judgeSimulated(fault, seed);
        judged.push(one);
        if (!one.right) log(`wrong: ${fault.name}, seed ${seed}: ${one.concluded}`);
      }
      const mine = judged.filter((it) => it.fault === fault.name);
      log(`SIMULATED ${fault.name}: ${mine.filter((it) => it.right).length} of ${mine.length}`);
    }
    if (inLab > 0) {
      const fault = await openFaultLab({
        lab: await lab(),
        guests: { "case-1": "host-1", "case-2": "host-2" },
        policy: { stormWindowMs: 5_000 }, // the deaths of the measurement follow one another within a minute
        log,
        onEnd,
      });
      const talker = await labCustomer(fault);
      onEnd(() => talker.close());
      judged.push(...(await judgeLab(fault, talker, inLab, log, signal, only)));
    }
    const names = [...new Set(judged.map((it) => it.fault))];
    const byClass = Object.fromEntries(
      names.map((name) => {
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
      faults: judged.length,
      faultsInLab: judged.filter((it) => it.fault.startsWith("lab ")).length,
      means: 'classes that begin with "lab" are on real hosts, all others SIMULATED',
      classes: names.length,
      accuracy: share(judged),
      destructiveWhileUncertain: judged.reduce((sum, it) => sum + it.destructiveWhileUncertain, 0),
      wrong: judged.filter((it) => !it.right).map(({ fault, seed, concluded }) => ({ fault, seed, concluded })),
      byClass,
      target: "≥ 300 faults of ≥ 12 classes: accuracy ≥ 0.99, destructiveWhileUncertain 0",
    };
  },
});
