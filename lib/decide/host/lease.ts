import type { CloudPolicy, EpochMs, HelperReport } from "../../model/index.ts";
import { type PeerRound, roundSays } from "./quorum.ts";

/** Peers must be asked at least this often: what happened in a longer gap is not known. */
const longestGapMs = 3_000;

/** Whether the end of this helper's lease proves anything: something must stop the host when the helper itself has stopped. */
export function leaseProves(helper: HelperReport | null, policy: Pick<CloudPolicy, "leaseMs">): helper is HelperReport {
  if (helper === null || !helper.connected || helper.watchdog === "none" || helper.watchdogMs === null) return false;
  return helper.watchdogMs <= Math.max(policy.leaseMs, helper.leaseMs);
}

/** For how long, without a gap, a quorum of peers has not reached a host. */
export interface Alone {
  readonly from: EpochMs;
  readonly last: EpochMs;
}

/** One more round of answers: a peer that reaches the host ends it, and so does a time in which not enough peers could be asked. */
export function aloneAfter(alone: Alone | undefined, round: PeerRound): Alone | undefined {
  if (roundSays(round) !== "not-reached") return undefined;
  const goesOn = alone !== undefined && round.askedAt - alone.last <= longestGapMs;
  return { from: goesOn ? alone.from : round.askedAt, last: round.endedAt };
}

interface LeaseQuestion {
  readonly helper: HelperReport;
  readonly policy: Pick<CloudPolicy, "leaseMs" | "leaseMarginMs">;
  /** No lease was granted later than this; after a restart of the engine, the time of its start. */
  readonly lastGrantAt: EpochMs;
  readonly alone: Alone | undefined;
}

/**
 * When the lease is over, provably: the whole lease and the margin have passed since the last grant, and for all that time a quorum of
 * peers, asked again and again, did not reach the host. A helper that reaches its peers keeps its guests while Belay is away, so
 * a peer that reaches the host begins the time anew. undefined while no end is in sight.
 */
function leaseOverAt({ helper, policy, lastGrantAt, alone }: LeaseQuestion): EpochMs | undefined {
  if (alone === undefined) return undefined;
  return Math.max(lastGrantAt, alone.from) + Math.max(policy.leaseMs, helper.leaseMs) + policy.leaseMarginMs;
}

export function leaseIsOver(question: LeaseQuestion, now: EpochMs): boolean {
  const overAt = leaseOverAt(question);
  if (overAt === undefined || question.alone === undefined) return false;
  return now >= overAt && now - question.alone.last <= longestGapMs; // an old answer says nothing of now
}
