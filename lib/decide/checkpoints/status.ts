import type { CaptureOffer, Checkpoint, CheckpointStatus, EpochMs, Host, Vm } from "../../model/index.ts";
import { timeInWords } from "./as-of.ts";

/** A mean over so many of the newest. */
const meanOver = 8;
/** What is kept may be so much longer than what was chosen before it is worth a word. */
const slack = 1.25;
const slackMs = 500;
/** And so much later than twice that the next one may be. */
const lateMs = 2_000;

export interface StatusQuestion {
  readonly vm: Pick<Vm, "id" | "wanted" | "state">;
  /** null: nothing is saved of it by itself. */
  readonly everyMs: number | null;
  /** The provider allows nothing shorter, perhaps since it was chosen. */
  readonly leastEveryMs: number;
  /** Newest first. */
  readonly checkpoints: readonly Checkpoint[];
  readonly offer: CaptureOffer | null;
  /** Why no capture can be made now: see `obstacleTo`; what the last try said; the store's. In that order. */
  readonly obstacle: string | null;
  readonly storeFull: boolean;
  readonly lastFailure: string | null;
  /** Nothing but the captures themselves lay between the last two: what they kept to is what they can. */
  readonly unbroken: boolean;
  /** Why its group does not go back together; null: it does, or it is in none. */
  readonly groupRefusal: string | null;
  readonly standby: CheckpointStatus["standby"];
  readonly now: EpochMs;
  /** Since the last capture that this life of Belay made, or since it began to look: measured where nobody sets the time. */
  readonly sinceMs: number;
}

const mean = (numbers: readonly number[]): number | null =>
  numbers.length === 0 ? null : numbers.reduce((sum, it) => sum + it, 0) / numbers.length;

/** Why the VM cannot be captured now, for its owner; undefined where it can. */
export function obstacleTo(
  vm: Pick<Vm, "state" | "movingTo">,
  host: Pick<Host, "state" | "standing" | "health"> | undefined,
  isSilent = false,
): string | undefined {
  if (host === undefined || host.state !== "up" || host.health === "red") return "Its host is not connected.";
  if (host.standing !== "in-use" && host.standing !== "maintenance") return "Its host is not in use.";
  if (vm.movingTo !== null) return "It is being moved to another host.";
  if (vm.state !== "running") return "It does not run.";
  return isSilent ? "It does not answer." : undefined;
}

/** To the second, so that a little more or less is no news. */
const seconds = (ms: number): string => timeInWords(Math.max(1_000, Math.round(ms / 1_000) * 1_000));

function slowness(everyMs: number, keptEveryMs: number | null, last: Checkpoint): string | null {
  if (keptEveryMs === null || keptEveryMs <= slack * everyMs + slackMs) return null;
  const kept = `It is really saved every ${seconds(keptEveryMs)}.`;
  return last.tookMs > everyMs
    ? `To save it takes ${seconds(last.tookMs)}, longer than the chosen ${seconds(everyMs)}. ${kept}`
    : `Other VMs of its host are saved first. ${kept}`;
}

function troubleOf(question: StatusQuestion, keptEveryMs: number | null, last: Checkpoint | undefined): string | null {
  const { vm, everyMs, offer, obstacle, storeFull, lastFailure, leastEveryMs, groupRefusal, now } = question;
  if (everyMs === null) return null;
  if (vm.wanted === "stopped" && vm.state === "stopped") return null;
  if (obstacle !== null) return `${obstacle} Nothing is saved meanwhile.`;
  if (offer !== null && offer.method === null) return offer.words;
  if (storeFull)
    return "The store of checkpoints is full: nothing more is saved. What was saved before can be restored.";
  if (lastFailure !== null) return lastFailure;
  if (last === undefined) return "Nothing of it is saved yet.";
  if (everyMs < leastEveryMs)
    return `The provider allows by now that it is saved every ${seconds(leastEveryMs)} at most.`;
  const slow = question.unbroken ? slowness(everyMs, keptEveryMs, last) : null;
  if (slow !== null) return slow;
  if (Math.max(now - last.at, question.sinceMs) > 2 * everyMs + last.tookMs + lateMs)
    return "Its newest checkpoint is older than was chosen: the next one takes long, or waits for those of other VMs.";
  if (groupRefusal === null) return null;
  return `Its group goes back together or not at all, and no repair does that: ${groupRefusal} After a failure it starts from its disk.`;
}

/** How the VM's protection by checkpoints really stands (invariant 8). */
export function statusOf(question: StatusQuestion): CheckpointStatus {
  const valid = question.checkpoints.filter((it) => it.state === "valid");
  const [last, before] = valid;
  const between = last === undefined || before === undefined ? 0 : last.at - before.at;
  const keptEveryMs = between > 0 ? between : null; // a clock may have been set in between
  const newest = valid.slice(0, meanOver);
  return {
    vmId: question.vm.id,
    offer: question.offer,
    lastAt: last?.at ?? null,
    keptEveryMs,
    trouble: troubleOf(question, keptEveryMs, last),
    standby: question.standby,
    costMs: mean(newest.map((it) => it.pauseMs)),
    tookMs: mean(newest.map((it) => it.tookMs)),
  };
}
