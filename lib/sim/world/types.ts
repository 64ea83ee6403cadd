import type { HostFacts } from "../../engine/ports.ts";
import type { CaptureMethod, EpochMs, VmState, VmStateReason, WatchdogKind } from "../../model/index.ts";

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
  /** The file of the disk of its last run: seen by every host that shares a directory above it, else only by `home`. */
  diskPath: string;
  home: string;
  /** What lies on disks that it ran from before, by file: a restore gives it another one and leaves the old one as it is. */
  readonly otherDisks: Map<string, { readonly home: string; readonly doneMs: number }>;
  /** What the program in it has got done (work.ts). */
  readonly work: { boot: number; doneMs: number; nextBoot: number; countedTo: EpochMs };
  /** The disk's error while it lasts, as the hypervisor's event names it; null while the disk is well. */
  diskError: "no space" | "other" | null;
  /** The process dies this long after each start; null for a guest that is well. */
  diesAfterMs: number | null;
  /** The guest runs and answers nobody; a spinning one burns its CPU, the other does nothing at all. */
  hung: boolean;
  spins: boolean;
  /** The guest is well and its network does not reach it: its agent answers, echoes and connections do not come through. */
  unplugged: boolean;
  /** When a person last started it by hand. */
  startedByPersonAt: EpochMs | null;
  /** When a person started it a second time, on another host. */
  copiedByPersonAt: EpochMs | null;
  /** What its hypervisor counts of the run that is named. */
  counters: Counters | null;
  /**
   * When a person stopped it, as long as the host can still say so: null as soon as anybody starts it, and after a boot or a start of
   * libvirtd, which forget why a VM is off. Belay has to leave it alone.
   */
  stoppedByPersonAt: EpochMs | null;
}

export interface Counters {
  readonly runId: number;
  readonly at: EpochMs;
  readonly cpuTimeMs: number;
  readonly blockRequests: number;
  readonly netPackets: number;
}

/** A domain as one host's libvirt holds it. Values are replaced, never changed. */
export interface SimDomain {
  readonly uuid: string;
  readonly name: string;
  readonly memoryMiB: number;
  readonly vcpus: number;
  /** The file that its definition names as its disk: a start boots from that one. */
  readonly diskPath: string;
  readonly persistent: boolean;
  /** libvirtd starts it after each boot of the host. */
  readonly autostart: boolean;
  /** Belay's number in the domain's metadata; null where Belay never started it elsewhere. */
  readonly generation: number | null;
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

/** What a power switch does instead of its work. A lying one says "off" of a host that runs: no software can see that. */
export const switchFaults = ["dark", "refuses", "lies", "slow"] as const;
export type SwitchFault = (typeof switchFaults)[number];

/** A fence device out there: the BMC of a host, or the plug that it hangs on. */
export interface SimSwitch {
  readonly agent: string;
  /** The BMC lives on its host's power: it is dark when that is lost. */
  readonly onHostPower: boolean;
  fault: SwitchFault | null;
}

/** `belay-host` on its host, as far as the cloud can see it: lib/sim/helper plays it. */
export interface SimHelper {
  readonly watchdog: WatchdogKind;
  readonly watchdogMs: number;
  /** How long its second is: its clock is its own. */
  readonly drift: number;
  running: boolean;
  /** Grows with each start and death: what one of them began is not for the next. */
  starts: number;
  /** What it holds since its first grant: from then on its watchdog is armed. */
  lease: HeldLease | null;
  /** Who hears its questions, while Belay attends to it. */
  line: HelperLine | null;
}

export interface HeldLease {
  readonly leaseMs: number;
  readonly peers: readonly string[];
  /** When it ends by the helper's own clock. */
  readonly until: EpochMs;
}

export interface HelperLine {
  /** A question arrived; what Belay grants. */
  ask(held: readonly string[] | undefined): { readonly leaseMs: number; readonly peers: readonly string[] } | undefined;
  /** Whether a lease binds the helper, as Belay was last told; it is told before the helper acts on a grant that binds nothing. */
  binds: boolean;
  /** The helper has news for Belay. */
  tell(): void;
}

export interface SimHost {
  readonly name: string;
  readonly uri: string;
  /** Where it answers an echo. */
  readonly address: string;
  readonly rack: string | null;
  readonly sharedPaths: readonly string[];
  readonly facts: HostFacts;
  readonly faultInjection: boolean;
  hostKeySha256: string;
  power: "on" | "off";
  /** When sshd and libvirtd answer after a power-on. */
  readyAt: EpochMs;
  /** What feeds it. A host that was switched off by a fence device still has it. */
  mains: "on" | "off";
  /** The path between the host and Belay alone. */
  link: "up" | "cut";
  /** Its cable to Belay and to all other hosts. The guests' own network, and that of the storage, are others. */
  cable: "up" | "cut";
  /** Hosts between which and this one nothing passes. */
  readonly partedFrom: Set<string>;
  readonly switches: SimSwitch[];
  readonly helper: SimHelper | null;
  /** The best way of saving a guest's state that works there. */
  readonly capture: CaptureMethod | null;
  libvirtd: "up" | "down";
  /** libvirtd dies again soon after each start. */
  libvirtdBroken: boolean;
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
  /** Why nobody could have held it: it is told as a known limit, and is not Belay's fault. */
  readonly limit: string | null;
}
