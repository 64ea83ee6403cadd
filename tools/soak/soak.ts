import { setTimeout as sleep } from "node:timers/promises";
import type { CloudView } from "../../lib/contract/index.ts";
import { type CopyWatch, watchCopies } from "../stack/copies.ts";
import { cloudOf, until } from "../stack/enrol.ts";
import { allProtected, type FaultLab, page } from "../stack/fault-lab.ts";
import { type Damage, mendAll, noDamage } from "./faults.ts";
import { brokenIn, eventsOnlyGrow, healthyFenced } from "./invariants.ts";
import { turnOf } from "./schedule.ts";

export interface Soaking {
  readonly fault: FaultLab;
  readonly forMs: number;
  /** The same seed gives the same turns. What of a turn can be done, and how many there are, is the machine's timing. */
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
}

export interface SoakResult {
  readonly faults: Readonly<Record<string, number>>;
  readonly repairs: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
  readonly looks: number;
}

const settleMs = 240_000;

/** Breaks things at random in a real lab for a while, looks at the invariants all the time, then mends everything and waits for rest. */
export async function soak(options: Soaking): Promise<SoakResult> {
  const { fault, seed, signal, log } = options;
  const damage = noDamage();
  const broken = new Set<string>();
  const counts: Record<string, number> = {};
  const break_ = (words: string) => {
    if (broken.has(words)) return;
    broken.add(words);
    log(`BROKEN ${words}`);
  };
  const copies = watchCopies(new Map(fault.subjects.map(({ guest }) => [guest.uuid, guest.name])));
  const look = watchCloud(fault, damage, break_);
  try {
    const until = Date.now() + options.forMs;
    let mendAt = Number.POSITIVE_INFINITY;
    for (let number = 1; Date.now() < until && !signal.aborted; number++) {
      if (Date.now() >= mendAt) {
        for (const words of await mendAll(fault, damage)) log(words);
        mendAt = Number.POSITIVE_INFINITY;
      }
      const turn = turnOf(seed, number);
      const pick = <T>(from: readonly T[]) => from[Math.floor(turn.whom * from.length)];
      const words = await turn.fault.inject(fault, damage, pick);
      if (words !== undefined) {
        log(words);
        counts[turn.fault.name] = (counts[turn.fault.name] ?? 0) + 1;
        if (damage.cut.size + damage.isolated.size + damage.off.size > 0 && mendAt === Number.POSITIVE_INFINITY)
          mendAt = Date.now() + turn.damageMs;
      }
      await sleep(turn.pauseMs, undefined, { signal }).catch(() => undefined);
    }
    for (const words of await mendAll(fault, damage)) log(words);
    log("everything is mended; waiting for rest");
    await settled(fault, break_);
  } finally {
    await Promise.all([look.stop(), copies.stop()]);
  }
  for (const words of copies.doubles) break_(`1: ${words}`);
  return {
    faults: counts,
    repairs: await repairsDone(fault),
    broken: [...broken],
    looks: look.looks() + looksOf(copies),
  };
}

const looksOf = (copies: CopyWatch) => copies.looks;

/** Looks at the whole cloud twice a second; a server that is just being killed is no finding. */
function watchCloud(fault: FaultLab, damage: Damage, tell: (words: string) => void) {
  const stopping = new AbortController();
  let looks = 0;
  let lastSeq = 0;
  const loop = async () => {
    while (!stopping.signal.aborted) {
      const cloud = await cloudOf(fault.server).catch((): CloudView | undefined => undefined);
      if (cloud !== undefined) {
        looks++;
        for (const words of brokenIn(cloud)) tell(words);
        const lost = eventsOnlyGrow(lastSeq, cloud.seq);
        if (lost !== undefined) tell(lost);
        lastSeq = Math.max(lastSeq, cloud.seq);
      }
      for (const words of await healthyFenced(fault, damage).catch(() => [])) tell(words);
      await sleep(500, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const done = loop();
  return {
    looks: () => looks,
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

/** In the end every VM answers, or an incident that is handed over says why not (invariant 5). */
async function settled(fault: FaultLab, tell: (words: string) => void): Promise<void> {
  await allProtected(fault).catch((error: unknown) => tell(`5: the hosts do not come to rest: ${String(error)}`));
  for (const { guest, vm } of fault.subjects) {
    const rest = async () => {
      const answered = (await page(guest.address)) !== undefined;
      const open = (await cloudOf(fault.server)).incidents.find((it) => it.vmId === vm.id && it.endedAt === null);
      if (answered && open === undefined) return "well" as const;
      return open?.state === "handed-over" ? open.words : undefined;
    };
    await until(`${guest.name} comes to rest`, rest, 500, settleMs).catch((error: unknown) =>
      tell(`5: ${String(error)}`),
    );
  }
}

async function repairsDone(fault: FaultLab): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const incident of (await cloudOf(fault.server)).incidents)
    for (const { technique, state } of incident.repairs) {
      const key = `${technique} ${state}`;
      counts[key] = (counts[key] ?? 0) + 1;
    }
  return counts;
}
