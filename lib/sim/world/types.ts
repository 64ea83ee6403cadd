import type { HostFacts } from "../../engine/ports.ts";
import type { EpochMs, VmState, VmStateReason } from "../../model/index.ts";

/**
 * What belongs to a guest whatever host it runs on: its disk, and what the machine on it does.
 * Faults that outlast a restart are here.
 */
export interface SimGuest {
  readonly uuid: string;
  readonly name: string;
  /** Where its servers answer, for ICMP and TCP checks. */
  readonly address: string;
  /** From the start of its process until the guest answers. */
  readonly bootMs: number;
  /** What libvirt does when the guest panics: keep the memory of the dead guest, or end the process. */
  readonly onCrash: "preserve" | "destroy";
  /** The disk's error while it lasts, as the hypervisor's event names it; null while the disk is well. */
  diskError: "no space" | "other" | null;
  /** The process dies this long after each start; null for a guest that is well. */
  diesAfterMs: number | null;
  /** The guest runs and answers nobody. */
  hung: boolean;
  /**
   * When a person stopped it, as long as the host can still say so: null as soon as anybody starts it, and after a boot or a start of
   * libvirtd, which forget why a VM is off. Belay has to leave it alone.
   */
  stoppedByPersonAt: EpochMs | null;
}

/** A domain as one host's libvirt holds it. Values are replaced, never changed. */
export interface SimDomain {
  readonly uuid: string;
  readonly name: string;
  readonly memoryMiB: number;
  readonly vcpus: number;
  readonly persistent: boolean;
  readonly state: Exclude<VmState, "missing" | "unknown">;
  readonly reason: VmStateReason;
  /** libvirt's number of this run; null when it does not run. */
  readonly runId: number | null;
  /** When the guest of this run begins to answer; null while it cannot. */
  readonly answersFrom: EpochMs | null;
  /** When the guest last got its CPUs, by a start, a resume or a wake; null while it does not run. */
  readonly runningSince: EpochMs | null;
  /** The process is dead and libvirt has not noticed. */
  readonly processGone: boolean;
}

export interface SimHost {
  readonly name: string;
  readonly uri: string;
  readonly facts: HostFacts;
  readonly faultInjection: boolean;
  hostKeySha256: string;
  power: "on" | "off";
  /** When sshd and libvirtd answer after a power-on. */
  readyAt: EpochMs;
  /** The network between the host and Belay. The guests' own network is another. */
  link: "up" | "cut";
  libvirtd: "up" | "down";
  /** Grows with each start of libvirtd: connections belong to one. */
  libvirtdStarts: number;
  nextRunId: number;
  readonly domains: Map<string, SimDomain>;
}

/** libvirt says something about a domain of its own accord. */
export interface DomainEvent {
  readonly uuid: string;
  /** In libvirt's words: "stopped failed", "crashed panicked", "started booted"… */
  readonly what: string;
}

/** Something that the world saw and that must never happen; `invariant` is its number in DESIGN.md. */
export interface Violation {
  readonly at: EpochMs;
  readonly invariant: number;
  readonly words: string;
}
