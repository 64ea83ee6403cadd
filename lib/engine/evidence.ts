import type { VmDecision } from "../decide/index.ts";
import type { EpochMs, Evidence } from "../model/index.ts";
import type { Heard } from "./inbox.ts";
import type { DomainSight } from "./ports.ts";

/** What a decision about a VM rests on: what was said, what was read, what was asked, and what follows. */
export function evidenceOf(
  decision: VmDecision,
  heard: Heard | undefined,
  sight: DomainSight | undefined,
  answeredAt: EpochMs | undefined,
  now: EpochMs,
): Evidence[] {
  if (decision.verdict.kind !== "failed") return [];
  const { cause, words } = decision.verdict;
  const said = (heard?.said ?? []).map(
    (what): Evidence => ({
      at: heard?.since ?? now,
      source: "event",
      words: `The hypervisor said: ${what}.`,
      audience: "provider",
    }),
  );
  const state = sight === undefined ? "not defined" : `${sight.state}, reason ${sight.reason}`;
  const read: Evidence = {
    at: now,
    source: "scan",
    words: `Read from the hypervisor: ${state}.`,
    audience: "provider",
  };
  const ofGuest = cause === "hung" || cause === "unreachable";
  const silence: Evidence[] =
    ofGuest && answeredAt !== undefined
      ? [{ at: answeredAt, source: "probe", words: "It answered for the last time.", audience: "all" }]
      : [];
  const source = ofGuest ? "vitals" : heard === undefined ? "scan" : "event";
  return [...said, read, ...silence, { at: now, source, words, audience: "all" }];
}
