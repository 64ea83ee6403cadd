import type { Cause } from "./entities.ts";
import type { FenceDeviceId, HookId, HostId, MaintenanceId, VmId } from "./ids.ts";
import type { MaintenanceState, MoveState } from "./states.ts";
import type { ProtectionMode } from "./techniques.ts";
import type { EpochMs } from "./time.ts";

/** What keeps a host from running on unseen when its helper or its kernel stops: the board's watchdog, one in software, or nothing. */
export const watchdogKinds = ["hardware", "software", "none"] as const;
export type WatchdogKind = (typeof watchdogKinds)[number];

/** What `belay-host` last said of itself. */
export interface HelperReport {
  readonly version: string;
  readonly connected: boolean;
  readonly leaseMs: number;
  readonly watchdog: WatchdogKind;
  /** How long the watchdog waits for its next feeding; null without one. */
  readonly watchdogMs: number | null;
  readonly reportedAt: EpochMs;
  /**
   * Hosts that Belay told it to look at, with its newest grant; several lists where it is not known which of the grants reached it. Written
   * before they are told: the end of a lease is proven by just these hosts. Missing where none was told.
   */
  readonly told?: readonly (readonly HostId[])[] | undefined;
}

/** One power switch of a host, asked in the order of `position`: IPMI, Redfish, a PDU's plug, the lab's. */
export interface FenceDevice {
  readonly id: FenceDeviceId;
  readonly hostId: HostId;
  /** 1 is asked first. */
  readonly position: number;
  /** The program, by the fence agents' interface: `fence_ipmilan`, or a path. */
  readonly agent: string;
  /** What the agent gets on standard input, one `key=value` a line. May hold secrets: never shown once written. */
  readonly options: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** When its status was last asked; null: never, so it does not count as protection. */
  readonly testedAt: EpochMs | null;
  readonly ok: boolean;
  /** What came of the test, in words. */
  readonly words: string;
}

/** How it was proven that nothing of a host runs any more. Only the fencing step of lib/engine makes one. */
export const fenceMethods = {
  power: "Its power was switched off and is confirmed off.",
  lease: "Its lease ended and its watchdog was armed.",
  person: "A person confirmed that it is off.",
} as const satisfies Record<string, string>;
export type FenceMethod = keyof typeof fenceMethods;

/** The provider's own program for a failure: runs on the server, without a shell, with the failure as environment and JSON. */
export interface Hook {
  readonly id: HookId;
  /** Name of a file in the server's directory of hooks: never a path. */
  readonly program: string;
  readonly args: readonly string[];
  readonly cause: Cause;
  readonly timeoutMs: number;
  /** `instead`: it is the repair. `beside`: it is told, and Belay repairs. */
  readonly role: "instead" | "beside";
  readonly enabled: boolean;
}

/** One VM's way off a host in maintenance. */
export interface Move {
  readonly vmId: VmId;
  readonly name: string;
  readonly toHostId: HostId | null;
  readonly state: MoveState;
  /** libvirt's phase in words: "copying memory", "switching over". */
  readonly phase: string | null;
  /** Never falls while the move lasts, 0 to 100. */
  readonly percent: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly words: string | null;
}

export interface Maintenance {
  readonly id: MaintenanceId;
  readonly hostId: HostId;
  readonly state: MaintenanceState;
  /** How many VMs are moved at once. */
  readonly parallel: number;
  readonly startedAt: EpochMs;
  readonly endedAt: EpochMs | null;
  readonly words: string;
  readonly moves: readonly Move[];
}

/** What the provider sets for the whole cloud. */
export interface CloudPolicy {
  /** Virtual CPUs per real one. */
  readonly cpuOvercommit: number;
  readonly memoryOvercommit: number;
  /** Kept free of VMs on every host, for the hypervisor itself. */
  readonly reserveMiB: number;
  /** More hosts than this share lost within `stormWindowMs`, and more than one: hold, alert, ask. */
  readonly stormPercent: number;
  readonly stormWindowMs: number;
  /** The cloud is warned when the VMs would not fit once this many hosts are lost. */
  readonly tolerateHosts: number;
  /** How many VMs of a lost host are started at once on one host. */
  readonly parallelStarts: number;
  readonly leaseMs: number;
  /** What clocks may differ by, and how long a host may take to stop its guests. Added to every lease. */
  readonly leaseMarginMs: number;
  readonly fenceTestEveryMs: number;
  /** What customers may choose between as the interval of checkpoints. */
  readonly checkpointLeastMs: number;
  readonly checkpointMostMs: number;
  /** How many VMs of one host are captured at once. */
  readonly capturesPerHost: number;
  /** How many generations of a VM's checkpoints are kept, at least two; those that people asked for are kept besides. */
  readonly checkpointsKept: number;
  /** The modes of protection that customers may choose between. */
  readonly modesOffered: readonly ProtectionMode[];
  /** How long a repair waits at most for a customer's answer, and for their manager to finish. */
  readonly answerMostMs: number;
  readonly finishMostMs: number;
  /** What one customer may have of VMs that Belay made for them. */
  readonly customerMostVms: number;
  readonly customerMostMiB: number;
  /** Networks (CIDR) of customers' endpoints that are allowed though they are private. Loopback and link-local never are but by name here. */
  readonly endpointNetworks: readonly string[];
  /** Where VMs that Belay makes get their addresses from; null: it makes none. */
  readonly network: GuestNetwork | null;
}

/** One bridge that every host has, and the addresses on it that are Belay's to give. IPv4. */
export interface GuestNetwork {
  readonly bridge: string;
  readonly from: string;
  readonly to: string;
  readonly prefixLength: number;
  readonly gateway: string;
}

export const defaultPolicy: CloudPolicy = {
  cpuOvercommit: 4,
  memoryOvercommit: 1,
  reserveMiB: 512,
  stormPercent: 30,
  stormWindowMs: 60_000,
  tolerateHosts: 1,
  parallelStarts: 4,
  leaseMs: 8_000,
  leaseMarginMs: 2_000,
  fenceTestEveryMs: 10 * 60_000,
  checkpointLeastMs: 1_000,
  checkpointMostMs: 24 * 60 * 60_000,
  capturesPerHost: 1,
  checkpointsKept: 8,
  modesOffered: ["provider", "customer", "collaborative", "none"],
  answerMostMs: 10 * 60_000,
  finishMostMs: 60 * 60_000,
  customerMostVms: 20,
  customerMostMiB: 16_384,
  endpointNetworks: [],
  network: null,
};

/** What would not fit if a host died now: shown before it happens. */
export interface Tolerance {
  readonly hostId: HostId;
  /** Each VM of the host that would not come back elsewhere, and why. */
  readonly misfits: readonly { readonly vmId: VmId; readonly words: string }[];
}
