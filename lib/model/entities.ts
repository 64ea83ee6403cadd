import type { Agreement, KeyScope } from "./collaboration.ts";
import type { HelperReport } from "./hosts.ts";
import type {
  ApplicationId,
  HostId,
  ImageId,
  IncidentId,
  KeyId,
  OrganizationId,
  RepairId,
  UserId,
  VmId,
} from "./ids.ts";
import type {
  HostHealth,
  HostStanding,
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
  /** Of the virtual disk. */
  readonly sizeBytes: number;
  /** The file as every host sees it that may carry VMs made from it: absolute, below a shared path. */
  readonly path: string;
  readonly format: "qcow2" | "raw";
  /** From its own boot loader, or by a kernel that the hypervisor loads. Paths as `path`. */
  readonly boot:
    | { readonly kind: "disk" }
    | { readonly kind: "kernel"; readonly kernel: string; readonly initrd: string; readonly commandLine: string };
  /** What is in it, in a sentence for customers. */
  readonly words: string;
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
  readonly health: HostHealth;
  readonly standing: HostStanding;
  /** Why it stands so, in words; null for a host in plain use. */
  readonly standingWords: string | null;
  /** Failure domain: hosts of one rack may fail together. null: a domain of its own. */
  readonly rack: string | null;
  /** Directories that every host which names them sees with the same files: a VM whose disks lie there may start on each. */
  readonly sharedPaths: readonly string[];
  /** The host's helper as it last reported; null where none was ever installed. */
  readonly helper: HelperReport | null;
  /** Whether Belay could prove this host off if it died now; `words` say by what, or why not. */
  readonly protection: { readonly ok: boolean; readonly words: string };
}

export interface Application {
  readonly id: ApplicationId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly mode: ProtectionMode;
  /** For its VMs that do not say otherwise; null: never. */
  readonly checkpointEveryMs: number | null;
  /** How provider and customer repair together, where the mode is `collaborative`. */
  readonly agreement: Agreement;
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
  /** Grows by one with each start on another host. Kept in the domain's metadata: of two copies the older number is the stale one. */
  readonly generation: number;
  /** The host that it is being moved to, by a live migration or a start elsewhere; null otherwise. */
  readonly movingTo: HostId | null;
  /** 0 to 9; those with the higher number are started first, and get the room where it is scarce. */
  readonly priority: number;
  /** VMs of one group are kept on different hosts (`apart`) or on one host (`together`). */
  readonly apart: string | null;
  readonly together: string | null;
  /** Its owner says that it must never go back to an older state. */
  readonly rollbackIntolerant: boolean;
  /** Files and devices on the host that its definition names as disks. */
  readonly diskPaths: readonly string[];
  /** Its state is saved this often; null: as its application says (and if that says nothing, never). 0: never, whatever that says. */
  readonly checkpointEveryMs: number | null;
  /** A passive replica with few resources is kept ready on another host, from the newest checkpoint. */
  readonly standby: boolean;
  /** VMs that are captured at one instant. No repair restores them yet: one alone would not fit the others. */
  readonly checkpointGroup: string | null;
  /** The address that Belay gave it when it made it; null for a VM that was adopted. */
  readonly address: string | null;
}

/** What people may choose about a VM, in their words. */
export const vmChoices = {
  organizationId: "owner",
  applicationId: "application",
  answerCheck: "how it is asked whether it answers",
  consent: "consent",
  wanted: "whether it should run",
  priority: "priority",
  apart: "group kept on different hosts",
  together: "group kept on one host",
  rollbackIntolerant: "whether it may go back to an older state",
  checkpointEveryMs: "how often its state is saved",
  standby: "whether a replica stands by",
  checkpointGroup: "group that is saved at one instant",
} as const satisfies Partial<Record<keyof Vm, string>>;

/** The choices that differ between two states of a VM. */
export const changedChoices = (before: Vm, after: Vm): (keyof typeof vmChoices)[] =>
  (Object.keys(vmChoices) as (keyof typeof vmChoices)[]).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );

export const evidenceSources = [
  "event",
  "scan",
  "connection",
  "probe",
  "operator",
  "peer",
  "helper",
  "fence",
  "vitals",
  "customer",
] as const;
export type EvidenceSource = (typeof evidenceSources)[number];

/** One fact that a diagnosis rests on, in a sentence. `provider` facts name hosts or the hypervisor's inner state. */
export interface Evidence {
  readonly at: EpochMs;
  readonly source: EvidenceSource;
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
  hung: "the guest runs and does nothing: nobody gets an answer, and it neither computes nor reads its disk",
  unreachable: "the guest works, and the network does not reach it",
  "host-lost": "its host failed",
  "called-restore": "its owner called for a saved state",
  "group-failed": "another VM of its group failed, and all of them go back together",
  "two-copies": "two hosts run the VM at the same time",
  "host-dead": "the host is dead: neither Belay nor the other hosts hear of it",
  "host-isolated": "Belay cannot reach the host, and other hosts can",
  "libvirtd-dead": "the host's libvirtd does not answer; its guests run on",
  "application-down": "its servers do not answer, though the VM works: its owner's sensors say so",
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
  /** null for the repair of a host. */
  readonly vmId: VmId | null;
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
  /** null for an incident of the host itself. */
  readonly vmId: VmId | null;
  /** The host's incident that this VM's is a part of. */
  readonly partOf: IncidentId | null;
  /** A person must say whether to go on: see `words`. null when nobody has to. */
  readonly awaits: "approval" | null;
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

/** Who asks: a signed-in person, a program with the operator's token of the server's own machine, or one with an organization's key. */
export interface Viewer {
  readonly userId: UserId | null;
  readonly name: string;
  readonly organizationId: OrganizationId;
  readonly role: OrganizationRole;
  /** Of a program with an organization's key: it may do no more than these. Missing: whatever the role may. */
  readonly key?: { readonly id: KeyId; readonly scopes: readonly KeyScope[] } | undefined;
}
