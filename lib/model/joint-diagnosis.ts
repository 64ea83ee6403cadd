/**
 * Diagnosis by both parties: what each of them can see, and what follows from the two together (paper, section III-B-1). Published in
 * docs/protocol.md; provider and manager use this same table, so they cannot come to different conclusions from the same views.
 */
import type { Certainty } from "./entities.ts";
import type { Layer } from "./techniques.ts";

/** The provider's view of one VM, without hosts' names. */
export interface ProviderView {
  readonly host: "well" | "suspected" | "dead" | "cut-off" | "unknown";
  readonly vm:
    | "running"
    | "silent"
    | "hung"
    | "unreachable"
    | "paused"
    | "suspended"
    | "crashed"
    | "stopped"
    | "missing"
    | "unknown";
}

/** The customer's view of one VM and its servers, by their own sensors. */
export interface CustomerView {
  /** Whether other VMs of theirs, on other hosts, reach it. */
  readonly reached: "by-all" | "by-some" | "by-none" | "unknown";
  /** The servers' processes inside, by what still answers there. */
  readonly processes: "running" | "some-dead" | "unknown";
  /** Whether the servers do their work. */
  readonly service: "answers" | "fails" | "unknown";
}

export interface JointConclusion {
  /** null: nothing is wrong, or nothing can be said. */
  readonly layer: Layer | null;
  readonly certainty: Certainty;
  /** Why, in a sentence that both parties may read. */
  readonly words: string;
}
