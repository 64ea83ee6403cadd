import type { CloudPolicy, EpochMs, HelperReport, HostId } from "../../model/index.ts";
import type { PeerRound } from "./quorum.ts";

/** Peers must be asked at least this often: what happened in a longer gap is not known. */
const longestGapMs = 3_000;

/** Whether the end of this helper's lease proves anything: something must stop the host when the helper itself has stopped. */
export function leaseProves(helper: HelperReport | null, policy: Pick<CloudPolicy, "leaseMs">): helper is HelperReport {
  if (helper === null || !helper.connected || helper.watchdog === "none" || helper.watchdogMs === null) return false;
  return helper.watchdogMs <= Math.max(policy.leaseMs, helper.leaseMs);
}

/** One peer's unbroken row of answers that it does not reach the host. */
interface Row {
  readonly from: EpochMs;
  readonly last: EpochMs;
}
/** Of each peer that said so last; one that reaches the host, and one that was never asked, is not in it. */
export type Unreached = ReadonlyMap<HostId, Row>;

/**
 * One more round of answers. A row begins when its first answer was there: what was sent before that may have gone through. A peer that could
 * not be asked neither ends its row nor goes on with it; a row that rests for too long begins anew.
 */
export function unreachedAfter(rows: Unreached, { askedAt, endedAt, answers }: PeerRound): Unreached {
  const next = new Map(rows);
  for (const { peer, reached } of answers) {
    if (reached === undefined) continue;
    if (reached) next.delete(peer);
    else {
      const row = rows.get(peer);
      const goesOn = row !== undefined && askedAt - row.last <= longestGapMs;
      next.set(peer, { from: goesOn ? row.from : endedAt, last: endedAt });
    }
  }
  return next;
}

interface LeaseQuestion {
  readonly helper: HelperReport;
  readonly policy: Pick<CloudPolicy, "leaseMs" | "leaseMarginMs">;
  /** No lease was granted later than this; after a restart of the engine, the time of its start. */
  readonly lastGrantAt: EpochMs;
  /** The peers that the helper was told with its newest grant; several where it is not known which of the grants reached it. */
  readonly told: readonly (readonly HostId[])[];
  readonly unreached: Unreached;
}

/**
 * Whether the lease is over, provably: for the whole lease and the margin nothing was granted, and so few of the peers that the helper was
 * told can have answered it that it counts itself as alone. It keeps its guests while half of them answer, so more than half must each have said, without a
 * gap, that they do not reach it; a peer that could not be asked counts as one that may have answered.
 */
export function leaseIsOver({ helper, policy, lastGrantAt, told, unreached }: LeaseQuestion, now: EpochMs): boolean {
  const begin = now - Math.max(policy.leaseMs, helper.leaseMs) - policy.leaseMarginMs;
  if (lastGrantAt > begin || told.length === 0) return false;
  const silent = (peer: HostId) => {
    const row = unreached.get(peer);
    return row !== undefined && row.from <= begin && now - row.last <= longestGapMs; // an old answer says nothing of now
  };
  return told.every((peers) => peers.length > 0 && peers.filter(silent).length * 2 > peers.length);
}
