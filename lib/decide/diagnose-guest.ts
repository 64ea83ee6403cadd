import type { EpochMs } from "../model/index.ts";
import type { Verdict } from "./diagnose-vm.ts";

/** What the hypervisor counted for the guest at one instant. */
export interface Counted {
  readonly at: EpochMs;
  readonly cpuTimeMs: number;
  readonly blockRequests: number;
  readonly netPackets: number;
}

/** What is known of a guest that answered before in this run; a guest that never did has no signs, and is never judged. */
export interface GuestSigns {
  readonly answeredAt: EpochMs;
  /** Questions without an answer since then. */
  readonly misses: number;
  /** It was asked over the network and is silent, and its agent answers over the hypervisor. */
  readonly agentAnswers: boolean;
  /** First and last count since it fell silent; undefined before the first. */
  readonly first: Counted | undefined;
  readonly last: Counted | undefined;
}

export const guestPatience = {
  /** A guest may be busy: so long a silence, and so many questions, before anything is made of it. */
  silentMs: 12_000,
  misses: 4,
  /** So long it is watched whether it computes. */
  windowMs: 8_000,
  /** A guest that works and does not answer may be starting anew by itself. */
  unreachableMs: 90_000,
} as const;

/** Shares of one CPU. Below the first nothing is computed: QEMU's own housekeeping takes that much. */
const still = 0.004;
const spinning = 0.9;

export type GuestVerdict = Extract<Verdict, { kind: "well" | "wait" | "failed" }>;

const hung = (certainty: "certain" | "likely", words: string): GuestVerdict => ({
  kind: "failed",
  cause: "hung",
  certainty,
  words,
});

const unreachable = ({ answeredAt }: GuestSigns, words: string, now: EpochMs): GuestVerdict =>
  now < answeredAt + guestPatience.unreachableMs
    ? { kind: "wait", until: answeredAt + guestPatience.unreachableMs }
    : { kind: "failed", cause: "unreachable", certainty: "likely", words };

/**
 * What a guest's silence means. Nobody answers: then its CPU time, its disk and its packets are looked at over some seconds before anything
 * is said. Neither computing nor spinning is hung; what works and cannot be heard is unreachable, and nobody's to reset.
 */
export function diagnoseGuest(signs: GuestSigns, now: EpochMs): GuestVerdict {
  const { answeredAt, misses, first, last } = signs;
  if (misses === 0) return { kind: "well" };
  if (signs.agentAnswers)
    return unreachable(signs, "It answers over the hypervisor and not over the network: its network is cut.", now);
  const silentUntil = answeredAt + guestPatience.silentMs;
  if (now < silentUntil || misses < guestPatience.misses)
    return { kind: "wait", until: Math.max(silentUntil, now + 1_000) };
  if (first === undefined || last === undefined || last.at < first.at + guestPatience.windowMs)
    return { kind: "wait", until: Math.max(now + 1_000, (first?.at ?? now) + guestPatience.windowMs) };

  const share = (last.cpuTimeMs - first.cpuTimeMs) / (last.at - first.at);
  const reads = last.blockRequests > first.blockRequests;
  const sends = last.netPackets > first.netPackets;
  if (share < still && !reads)
    return hung("certain", "It runs, answers nobody, and has used neither its CPUs nor its disk for seconds.");
  if (share >= spinning && !reads && !sends)
    return hung(
      "likely",
      "It runs, answers nobody, and burns a whole CPU without reading its disk or sending anything.",
    );
  const works = reads ? "it uses its disk" : sends ? "it sends and receives" : "it computes";
  return unreachable(signs, `It answers nobody, and yet ${works}: it is not hung, and is not touched.`, now);
}
