import type { ApplicationId, HostId, ImageId, IncidentId, OrganizationId, RepairId, UserId, VmId } from "./ids.ts";
import type {
  HostState,
  IncidentState,
  RepairState,
  StepState,
  VmState,
  VmStateReason,
  WantedState,
} from "./states.ts";
import type { Consent, Layer, ProtectionMode, TechniqueName } from "./techniques.ts";
import type { EpochMs } from "./time.ts";

export const organizationRoles = ["provider", "customer"] as const;
export type OrganizationRole = (typeof organizationRoles)[number];

export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly role: OrganizationRole;
}

export interface Image {
  readonly id: ImageId;
  readonly name: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface Host {
  readonly id: HostId;
  readonly name: string;
  /** `qemu+ssh://root@ADDRESS:PORT/system`, or `simulated://NAME` for a host of the simulated cloud. */
  readonly uri: string;
  /** Fingerprint of the SSH host key that a person approved, as `ssh-keygen -l` prints it: `SHA256:…`. */
  readonly hostKeySha256: string;
  readonly state: HostState;
  readonly stateSince: EpochMs;
  /** Why the host is silent, in words; null while it is up. */
  readonly stateWords: string | null;
  readonly cpus: number | null;
  readonly memoryMiB: number | null;
  readonly libvirtVersion: string | null;
  readonly qemuVersion: string | null;
  /** Whether fault-injection buttons may touch the VMs of this host. Off for hosts that a person brings, unless they say so. */
  readonly faultInjection: boolean;
  readonly enrolledAt: EpochMs;
}

export interface Application {
  readonly id: ApplicationId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly mode: ProtectionMode;
}

/** How Belay asks a guest whether it is back: its agent over the hypervisor, an ICMP echo, or a TCP connection. */
export type AnswerCheck =
  | { readonly kind: "agent" }
  | { readonly kind: "icmp"; readonly address: string }
  | { readonly kind: "tcp"; readonly address: string; readonly port: number };

export interface Vm {
  readonly id: VmId;
  readonly hostId: HostId;
  readonly organizationId: OrganizationId | null;
  readonly applicationId: ApplicationId | null;
  readonly imageId: ImageId | null;
  readonly name: string;
  /** libvirt's UUID of the domain, lower case with dashes. */
  readonly uuid: string;
  readonly memoryMiB: number;
  readonly vcpus: number;
  readonly wanted: WantedState;
  readonly state: VmState;
  readonly reason: VmStateReason;
  readonly stateSince: EpochMs;
  /** libvirt's number of this run of the domain: every start has a new one. null while it is not running. */
  readonly runId: number | null;
  /** Whether libvirt keeps the definition when the VM stops. A transient one vanishes with its process. */
  readonly persistent: boolean;
  readonly answerCheck: AnswerCheck;
  readonly consent: Consent;
}

/** What people may choose about a VM, in their words. */
export const vmChoices = {
  organizationId: "owner",
  applicationId: "application",
  answerCheck: "how it is asked whether it answers",
  consent: "consent",
  wanted: "whether it should run",
} as const satisfies Partial<Record<keyof Vm, string>>;

/** The choices that differ between two states of a VM. */
export const changedChoices = (before: Vm, after: Vm): (keyof typeof vmChoices)[] =>
  (["organizationId", "applicationId", "answerCheck", "consent", "wanted"] as const).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );

/** One fact that a diagnosis rests on, in a sentence. `provider` facts name hosts or the hypervisor's inner state. */
export interface Evidence {
  readonly at: EpochMs;
  readonly source: "event" | "scan" | "connection" | "probe" | "operator";
  readonly words: string;
  readonly audience: "all" | "provider";
}

export const certainties = ["certain", "likely", "unsure"] as const;
export type Certainty = (typeof certainties)[number];

export const causes = {
  "qemu-died": "the VM's process died",
  "guest-panic": "the guest's kernel panicked",
  "powered-off": "the guest switched itself off",
  "not-running": "the VM is not running and nobody is known to have stopped it",
  "paused-io-error": "the hypervisor paused the VM on a disk error",
  "paused-watchdog": "the guest's watchdog paused the VM",
  paused: "the VM is paused and nothing is working on it",
  suspended: "the guest sleeps",
  vanished: "the host no longer knows the VM",
} as const satisfies Record<string, string>;
export type Cause = keyof typeof causes;

/** Where the time of the failure comes from: the fault was injected by us, an event came as it happened, or a scan found it later. */
export const tpSources = ["injected", "event", "scan"] as const;
export type TpSource = (typeof tpSources)[number];

export interface RepairStep {
  readonly name: string;
  readonly state: StepState;
  readonly startedAt: EpochMs;
  readonly finishedAt: EpochMs | null;
  /** How many times it was begun: more than one after a crash of the engine or a retry. */
  readonly attempts: number;
  /** What was done or why it failed, in a sentence that the VM's owner may read. */
  readonly words: string | null;
  /** What the hypervisor or the connection said. It may name hosts, addresses and paths, so it is for the provider alone. */
  readonly detail: string | null;
}

export interface Repair {
  readonly id: RepairId;
  readonly incidentId: IncidentId;
  readonly vmId: VmId;
  readonly technique: TechniqueName;
  readonly state: RepairState;
  readonly plannedAt: EpochMs;
  readonly finishedAt: EpochMs | null;
  /** Why this technique, and when it ended badly why. */
  readonly words: string;
  readonly steps: readonly RepairStep[];
}

export interface Incident {
  readonly id: IncidentId;
  readonly layer: Layer;
  readonly cause: Cause;
  readonly certainty: Certainty;
  readonly state: IncidentState;
  readonly hostId: HostId;
  readonly vmId: VmId;
  readonly organizationId: OrganizationId | null;
  readonly applicationId: ApplicationId | null;
  /** When the failure happened, or its best estimate. */
  readonly tp: EpochMs;
  readonly tpSource: TpSource;
  /** When Belay detected it. */
  readonly td: EpochMs;
  /** When the repaired service answered again; null until then. */
  readonly tr: EpochMs | null;
  readonly endedAt: EpochMs | null;
  /** The outcome in a sentence once it ended, else what is being done. */
  readonly words: string;
  readonly evidence: readonly Evidence[];
  readonly repairs: readonly Repair[];
}

/** Who asks: a signed-in person, or a program with the operator's token of the server's own machine. */
export interface Viewer {
  readonly userId: UserId | null;
  readonly name: string;
  readonly organizationId: OrganizationId;
  readonly role: OrganizationRole;
}
