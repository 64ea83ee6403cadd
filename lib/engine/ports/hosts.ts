/** What the engine needs of hosts beyond libvirt: peers, power switches, leases, the provider's own programs. */
import type {
  CloudPolicy,
  EpochMs,
  FenceDevice,
  FenceMethod,
  HelperReport,
  Hook,
  Host,
  HostId,
  Vm,
} from "../../model/index.ts";

type Address = Pick<Host, "id" | "name" | "uri" | "hostKeySha256">;

/** Hosts as seen over the network, and over each other's SSH. None of these throws for a host that is silent. */
export interface HostSenses {
  /** When anything was last received from the host over its connection; undefined before the first. */
  heardAt(host: HostId): EpochMs | undefined;
  /** Whether `peer` gets an ICMP echo from `target` within the time; undefined when the peer itself could not be asked. */
  reachedFrom(peer: HostId, target: Address, timeoutMs: number): Promise<boolean | undefined>;
  /** Whether the host lets Belay in over SSH, whatever its libvirtd does. */
  sshAnswers(host: HostId, timeoutMs: number): Promise<boolean>;
  /** Starts libvirtd again over SSH. Guests are not touched. `HostUnreachable` when SSH does not answer. */
  restartLibvirtd(host: HostId): Promise<{ readonly done: boolean; readonly words: string }>;
}

export type PowerState = "on" | "off";

/** A power switch could not be asked, refused, or did not do it in time. `message` is the agent's own last words, without secrets. */
export class FenceFailed extends Error {
  override readonly name = "FenceFailed";
}

/** The fence agents (ClusterLabs' interface: options on standard input, exit code 0, 1, 2). */
export interface FenceAgents {
  /** Throws `FenceFailed`, also when the device's own time is over. */
  status(device: FenceDevice): Promise<PowerState>;
  /** Returns when the agent says that it is done: whether it is so, `status` tells. */
  switch(device: FenceDevice, to: PowerState): Promise<void>;
}

/** What a helper says while it is connected. */
export type HelperSignal =
  | { readonly kind: "report"; readonly at: EpochMs; readonly report: HelperReport }
  | { readonly kind: "gone"; readonly at: EpochMs; readonly words: string };

/**
 * The helpers on the hosts. A helper asks for its lease; its own clock starts the lease when it asks, ours when we grant, so
 * ours never ends first.
 */
export interface HostHelpers {
  /**
   * Keeps the host's helper connected until `signal` aborts. Each time it asks, `grant` is called: a lease with the peers that the
   * helper should look at, or undefined to let it run out. `held`: the peers that it goes by as it asks, where it says so. A host without
   * a helper says nothing.
   */
  attend(
    host: Address,
    grant: (held: readonly string[] | undefined) => LeaseGrant | undefined,
    signal: AbortSignal,
  ): AsyncIterable<HelperSignal>;
}

export interface LeaseGrant {
  readonly leaseMs: number;
  /** Addresses of other hosts, as ping takes them: one that reaches half of them is not alone, and keeps its guests while Belay is away. */
  readonly peers: readonly string[];
}

export interface InstallStep {
  readonly phase: "node" | "files" | "start" | "answer" | "forward" | "uninstall";
  readonly words: string;
}

/**
 * Puts `belay-host` on a host, or takes it away. Twice is once; a newer one takes the lease over from an older one. Throws a `BelayError`
 * with a cure for what the host lacks, and `HostUnreachable`.
 */
export interface HostInstaller {
  install(
    host: Address,
    options: {
      readonly leaseMs: number;
      /** A device, or "none". By default /dev/watchdog. */
      readonly watchdog?: string;
      /** How long the device waits, where it does not say so itself. */
      readonly watchdogMs?: number;
    },
  ): AsyncIterable<InstallStep>;
  uninstall(host: Address): AsyncIterable<InstallStep>;
}

/** Runs the provider's programs: no shell, arguments as they are, facts as environment (`BELAY_…`) and as JSON on standard input. */
export interface HookRunner {
  run(
    hook: Hook,
    facts: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly exitCode: number | null; readonly output: string; readonly timedOut: boolean }>;
}

/** What the VM itself does, read from its hypervisor: a guest that answers nobody but computes is not hung. */
export interface Vitals {
  readonly at: EpochMs;
  readonly cpuTimeMs: number;
  readonly blockRequests: number;
  /** Packets that the guest sent: what comes to it says nothing of it. */
  readonly netPackets: number;
}

/** A domain on a host as found there, with the generation in its metadata; null where it has none (it was never started elsewhere). */
export interface DomainCopy {
  readonly uuid: string;
  readonly name: string;
  readonly generation: number | null;
  readonly active: boolean;
}

export interface MigrationProgress {
  readonly phase: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

/**
 * Proof that nothing of `host` can run a VM of ours: made by lib/engine/repair/fence.ts alone, and demanded by every start elsewhere.
 * `released` is the other way: the living host itself said that the VM is gone from it.
 */
declare const proven: unique symbol;
export interface Fenced<H extends HostId = HostId> {
  readonly [proven]: true;
  readonly host: H;
  readonly method: FenceMethod | "released";
  readonly at: EpochMs;
  readonly words: string;
}

/** Acts on copies of VMs across hosts. */
export interface Copies {
  copiesOn(host: HostId): Promise<readonly DomainCopy[]>;
  /**
   * Defines the VM on `target` with `generation` in its metadata and starts it. Does nothing when it runs there already with that
   * generation. `HypervisorRefused` where a copy with a higher generation is there, or a disk is locked or missing.
   */
  startElsewhere(
    target: HostId,
    vm: Pick<Vm, "uuid" | "name">,
    definition: string,
    generation: number,
    proof: Fenced,
  ): Promise<{ readonly done: boolean; readonly words: string }>;
  /**
   * What `host` keeps of a VM that is off becomes this definition again; nothing where `persistent` is false. Twice is once.
   * `HypervisorRefused` where it runs, or a copy with a higher generation is there.
   */
  defineAgain(
    host: HostId,
    uuid: string,
    definition: { readonly xml: string; readonly persistent: boolean },
    generation: number,
  ): Promise<{ readonly done: boolean; readonly words: string }>;
  /** Ends and undefines a copy, only if its generation is below `below`. Disks are left alone. */
  discard(host: HostId, uuid: string, below: number): Promise<{ readonly done: boolean; readonly words: string }>;
  /** For the `released` proof: switches a VM off, undefines it and says so; nothing where it is not there. */
  release(host: HostId, uuid: string): Promise<{ readonly done: boolean; readonly words: string }>;
  /** Live migration, peer to peer. Ends when the VM runs on `to` and is gone from `from`; rejects when it stays. */
  migrate(
    from: HostId,
    uuid: string,
    to: Address,
    generation: number,
    onProgress: (progress: MigrationProgress) => void,
    signal: AbortSignal,
  ): Promise<void>;
  vitals(host: HostId, uuid: string): Promise<Vitals>;
}

/** Enough of the cloud to place VMs and to see what would not fit. */
export interface Inventory {
  readonly policy: CloudPolicy;
  readonly hosts: readonly Host[];
  readonly vms: readonly Vm[];
}
