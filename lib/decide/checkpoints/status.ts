import {
  type CaptureOffer,
  type Checkpoint,
  type CheckpointStatus,
  consentCovers,
  type Host,
  techniques,
  type Vm,
} from "../../model/index.ts";
import { timeInWords } from "./as-of.ts";

/** A mean over so many of the newest. */
const meanOver = 8;
/** What is kept may be so much longer than what was chosen before it is worth a word. */
const slack = 1.25;
const slackMs = 500;

export interface StatusQuestion {
  readonly vm: Pick<Vm, "id" | "wanted" | "state" | "consent" | "rollbackIntolerant">;
  /** null: nothing is saved of it by itself. */
  readonly everyMs: number | null;
  /** Newest first. */
  readonly checkpoints: readonly Checkpoint[];
  readonly offer: CaptureOffer | null;
  /** Why no capture can be made now: see `obstacleTo`; what the last try said; the store's. In that order. */
  readonly obstacle: string | null;
  readonly storeFull: boolean;
  readonly lastFailure: string | null;
  /** Nothing but the captures themselves lay between the last two: what they kept to is what they can. */
  readonly unbroken: boolean;
  readonly inGroup: boolean;
  readonly standby: CheckpointStatus["standby"];
}

const mean = (numbers: readonly number[]): number | null =>
  numbers.length === 0 ? null : numbers.reduce((sum, it) => sum + it, 0) / numbers.length;

/** Why the VM cannot be captured now, for its owner; undefined where it can. */
export function obstacleTo(
  vm: Pick<Vm, "state" | "movingTo">,
  host: Pick<Host, "state" | "standing" | "health"> | undefined,
): string | undefined {
  if (host === undefined || host.state !== "up" || host.health === "red") return "Its host is not connected.";
  if (host.standing !== "in-use" && host.standing !== "maintenance") return "Its host is not in use.";
  if (vm.movingTo !== null) return "It is being moved to another host.";
  return vm.state === "running" ? undefined : "It does not run.";
}

function slowness(everyMs: number, keptEveryMs: number | null, last: Checkpoint | undefined): string | null {
  if (keptEveryMs === null || last === undefined || keptEveryMs <= slack * everyMs + slackMs) return null;
  const kept = `It is really saved every ${timeInWords(keptEveryMs)}.`;
  return last.tookMs > everyMs
    ? `To save it takes ${timeInWords(last.tookMs)}, longer than the chosen ${timeInWords(everyMs)}. ${kept}`
    : `Other VMs of its host are saved first. ${kept}`;
}

/** Checkpoints that are taken and that no repair would use: said, for else they would look like protection. */
function unused({ vm, inGroup }: StatusQuestion): string | null {
  if (vm.rollbackIntolerant)
    return "It must never go back, as was chosen: its checkpoints are there to look at, and no repair uses them.";
  const { needsConsent } = techniques["restore-checkpoint"];
  if (!consentCovers(vm.consent, needsConsent))
    return `No repair uses its checkpoints: that needs the consent "${needsConsent}", and "${vm.consent}" is given.`;
  if (inGroup)
    return "Its group goes back together or not at all, which Belay does not do by itself yet: no repair uses its checkpoints.";
  return null;
}

function troubleOf(question: StatusQuestion, keptEveryMs: number | null, last: Checkpoint | undefined): string | null {
  const { vm, everyMs, offer, obstacle, storeFull, lastFailure } = question;
  if (everyMs === null) return null;
  if (obstacle !== null) return vm.wanted === "stopped" ? null : `${obstacle} Nothing is saved meanwhile.`;
  if (offer !== null && offer.method === null) return offer.words;
  if (storeFull)
    return "The store of checkpoints is full: nothing more is saved. What was saved before can be restored.";
  if (lastFailure !== null) return lastFailure;
  return (question.unbroken ? slowness(everyMs, keptEveryMs, last) : null) ?? unused(question);
}

/** How the VM's protection by checkpoints really stands (invariant 8). */
export function statusOf(question: StatusQuestion): CheckpointStatus {
  const valid = question.checkpoints.filter((it) => it.state === "valid");
  const [last, before] = valid;
  const keptEveryMs = last === undefined || before === undefined ? null : last.at - before.at;
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
