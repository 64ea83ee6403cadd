import { setTimeout as sleep } from "node:timers/promises";
import { isolate, powerOff, readLab, rejoin } from "../../lab/index.ts";
import { until } from "../stack/enrol.ts";
import { allProtected, answers, type FaultLab, hostIncidents, openFaultLab, page } from "../stack/fault-lab.ts";
import { type Values, whole } from "./flags.ts";
import { type BenchContext, measurement } from "./types.ts";

const hosts = ["host-1", "host-2", "host-3"] as const;
/** Many times what it takes to declare a host dead and to fence it. */
const cutMs = 20_000;

interface Outcome {
  readonly cutFrom: number;
  readonly fenced: string[];
  readonly guestsRestarted: string[];
  readonly said: string[];
}

const poweredOff = async ({ name }: FaultLab) =>
  (await readLab(name)).hosts.filter((host) => host.power === "off").map((host) => host.name);

/** Cuts Belay off from so many hosts for a while, and looks what became of them. */
async function cutOffFrom(fault: FaultLab, count: number): Promise<Outcome> {
  const chosen = hosts.slice(0, count);
  const before = new Map(
    await Promise.all(fault.subjects.map(async ({ guest }) => [guest.name, await answers(guest)] as const)),
  );
  const known = new Set((await hostIncidents(fault.server)).map((it) => it.id));
  for (const host of chosen) await isolate(fault.name, host);
  await sleep(cutMs); // how long the partition lasts is the measurement's input
  const fenced = await poweredOff(fault);
  const news = (await hostIncidents(fault.server)).filter((it) => !known.has(it.id));
  for (const host of chosen) await rejoin(fault.name, host);
  await allProtected(fault);
  const guestsRestarted: string[] = [];
  for (const { guest } of fault.subjects) {
    const now = await until(`${guest.name} answers`, () => page(guest.address));
    if (now !== before.get(guest.name)) guestsRestarted.push(guest.name);
  }
  return { cutFrom: count, fenced, guestsRestarted, said: news.map((it) => it.words) };
}

const flags = {
  runs: whole("N", 1, "how often Belay is cut off from one, two and all"),
};

async function run({ log, lab: openLab, onEnd }: BenchContext, { runs }: Values<typeof flags>) {
  const { name } = await openLab({ hosts: hosts.length });
  const fault = await openFaultLab({
    lab: { name },
    guests: { "web-1": "host-1", "web-2": "host-2", "web-3": "host-3" },
    log,
    onEnd,
  });
  const outcomes: Outcome[] = [];
  const counts = Array.from({ length: runs }, () => [1, 2, hosts.length]).flat();
  for (const count of counts) {
    const outcome = await cutOffFrom(fault, count);
    log(`cut off from ${count}: fenced ${outcome.fenced.join(", ") || "none"}. ${outcome.said.join(" ")}`);
    outcomes.push(outcome);
  }
  // A detector that never fences would pass all this: a host that really dies must be fenced.
  const known = new Set((await hostIncidents(fault.server)).map((it) => it.id));
  await powerOff(name, "host-1");
  const real = await until("the real death is repaired", async () =>
    (await hostIncidents(fault.server)).find((it) => !known.has(it.id) && it.endedAt !== null),
  );
  return {
    healthyHostsFenced: outcomes.reduce((sum, it) => sum + it.fenced.length, 0),
    guestsRestarted: outcomes.reduce((sum, it) => sum + it.guestsRestarted.length, 0),
    cutSeconds: cutMs / 1000,
    outcomes,
    comparedWith: "a host that really loses its power, in the same run: it must be fenced and its VM started elsewhere",
    realDeath: { state: real.state, words: real.words },
    target: "healthyHostsFenced = 0, and the real death is repaired",
  };
}

export const bench = measurement({
  name: "partition",
  summary: "Belay is cut off from one, two and all hosts, each for 20 s: how many healthy hosts it fences",
  ...{ flags, run },
});
