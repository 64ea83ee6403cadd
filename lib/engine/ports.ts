/**
 * Everything that the engine and the services need from outside, each with a real twin (lib/hypervisor, lib/store, lib/durable, …)
 * and a simulated one (lib/sim). Nothing here does anything.
 */
import type {
  AnswerCheck,
  Cause,
  Certainty,
  EpochMs,
  Evidence,
  Host,
  HostId,
  HostState,
  Id,
  IdKind,
  Incident,
  IncidentId,
  IncidentState,
  IntentId,
  Layer,
  ProtectionMode,
  Repair,
  RepairId,
  RepairState,
  TechniqueName,
  TpSource,
  Vm,
  VmId,
  VmState,
  VmStateReason,
  WantedState,
} from "../model/index.ts";
import type { CheckpointStore } from "./ports/checkpoints.ts";
import type { CollaborationStore } from "./ports/collaboration.ts";
import type { Copies, HostSenses } from "./ports/hosts.ts";
import type { Intent } from "./ports/people.ts";
import type { RetentionStore } from "./ports/retention.ts";
import type { FenceStore, MaintenanceStore, RelocationStore } from "./ports/store.ts";

// ---- time and ids ---------------------------------------------------------------------------------------------------------

export interface Clock {
  /** The wall clock: for what people read and what is compared with other machines' times. It may jump, forward and back. */
  now(): EpochMs;
  /**
   * Milliseconds since some instant; never jumps and never goes back. What must not end early (a lease's proof, silence of a host) is
   * measured with it, within one life of the process: it means nothing to the next.
   */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Ids {
  next<K extends IdKind>(kind: K): Id<K>;
}

export interface Log {
  info(words: string, facts?: Record<string, unknown>): void;
  warn(words: string, facts?: Record<string, unknown>): void;
  error(words: string, facts?: Record<string, unknown>): void;
}

// ---- hypervisor -----------------------------------------------------------------------------------------------------------

/** What is needed to reach a host. */
export type HostAddress = Pick<Host, "id" | "name" | "uri" | "hostKeySha256">;

/** A domain as the hypervisor says it is, at one instant. */
export interface DomainSight {
  readonly uuid: string;
  readonly name: string;
  readonly state: VmState;
  readonly reason: VmStateReason;
  /** libvirt's number of this run; null when it does not run. */
  readonly runId: number | null;
  readonly persistent: boolean;
  readonly memoryMiB: number;
  readonly vcpus: number;
}

export interface HostFacts {
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly libvirtVersion: string;
  readonly qemuVersion: string;
}

/** What the hypervisor says by itself. Hints: they wake the engine, which then reads the truth. */
export type HostSignal =
  | { readonly kind: "connected"; readonly at: EpochMs; readonly facts: HostFacts }
  | { readonly kind: "disconnected"; readonly at: EpochMs; readonly words: string; readonly nextAttemptAt: EpochMs }
  /** Something happened to one domain. `what` in libvirt's words: "stopped failed", "io error no space", … */
  | { readonly kind: "domain"; readonly at: EpochMs; readonly uuid: string; readonly what: string }
  /** More happened than the buffer held: read everything. */
  | { readonly kind: "overflow"; readonly at: EpochMs; readonly lost: number };

/**
 * Each does nothing, and says so, where it is so already. `destroy` never ends a guest that runs: `switch-off` does, and `shut-down` asks the
 * guest to end by itself, which takes its time and may never come.
 */
export type DomainAction = "start" | "resume" | "wake" | "destroy" | "shut-down" | "switch-off" | "reset";
export const faults = ["kill-qemu"] as const;
export type Fault = (typeof faults)[number];

/** The host could not be asked: nothing is known of what was, or was not, done. */
export class HostUnreachable extends Error {
  override readonly name = "HostUnreachable";
}
/** The hypervisor refused. `words` are its own. */
export class HypervisorRefused extends Error {
  override readonly name = "HypervisorRefused";
}

export interface Hypervisor extends HostSenses, Copies {
  /**
   * Opens the host's connection and keeps it until `signal` aborts, with back-off. Ends without error on abort.
   * One watch per host; the other methods use its connection and throw `HostUnreachable` when there is none.
   */
  watch(host: HostAddress, signal: AbortSignal): AsyncIterable<HostSignal>;
  listDomains(host: HostId): Promise<readonly DomainSight[]>;
  /** undefined when the host does not know the domain. */
  readDomain(host: HostId, uuid: string): Promise<DomainSight | undefined>;
  /** The definition that survives a stop, as libvirt's XML, and the files and devices that it names as disks. */
  readDefinition(host: HostId, uuid: string): Promise<{ readonly xml: string; readonly diskPaths: readonly string[] }>;
  /** `definition` starts a transient domain that vanished with its process. */
  act(
    host: HostId,
    uuid: string,
    action: DomainAction,
    definition?: string,
  ): Promise<{ readonly done: boolean; readonly words: string }>;
  /** Breaks something on purpose, and only in the run that is named: a later run of the same VM is left alone. */
  inject(
    host: HostId,
    target: { readonly uuid: string; readonly name: string; readonly runId: number },
    fault: Fault,
  ): Promise<{ readonly done: boolean; readonly words: string }>;
  /** Whether the guest's agent answers within the time. */
  agentAnswers(host: HostId, uuid: string, timeoutMs: number): Promise<boolean>;
}

export {
  type Captured,
  CaptureFailed,
  type CaptureProgress,
  type CaptureRequest,
  CheckpointDamaged,
  type CheckpointServiceStore,
  type CheckpointStore,
  type Checkpoints,
  type CheckpointWish,
  type HeldRestore,
  type HeldState,
  type PendingWish,
  type RestoreProgress,
  type RestoreRequest,
  type StoreStanding,
} from "./ports/checkpoints.ts";
export type { CollaborationServiceStore, CollaborationStore, Heard, Provisioner } from "./ports/collaboration.ts";
export {
  type Copies,
  type DomainCopy,
  type FenceAgents,
  type Fenced,
  FenceFailed,
  type HelperSignal,
  type HookRunner,
  type HostHelpers,
  type HostInstaller,
  type HostSenses,
  type InstallStep,
  type Inventory,
  type LeaseGrant,
  type MigrationProgress,
  type PowerState,
  type Vitals,
} from "./ports/hosts.ts";
export type { Intent, NewHost, PersonDeed, ServiceStore } from "./ports/people.ts";
export type { RetentionStore } from "./ports/retention.ts";
export type { RepairRunner, Steps, WorkId, WorkProgram } from "./ports/runner.ts";
export type { FenceStore, MaintenanceStore, ProviderStore, RelocationStore } from "./ports/store.ts";

/** Asks a guest once whether it is there. Never throws for a guest that is silent. */
export interface Prober {
  answers(vm: Pick<Vm, "hostId" | "uuid">, check: AnswerCheck, timeoutMs: number): Promise<boolean>;
}

// ---- enrolment ------------------------------------------------------------------------------------------------------------

export interface HostCheckResult {
  readonly name: "host-key" | "ssh-login" | "libvirtd" | "rights" | "versions" | "storage" | "events";
  readonly ok: boolean;
  readonly found: string;
  readonly cure: string | null;
}

export interface HostExaminer {
  /** Shows the host's key; logs in and looks further only when it equals `approvedHostKeySha256`. */
  examine(
    uri: string,
    approvedHostKeySha256: string | undefined,
  ): Promise<{
    readonly uri: string;
    readonly hostName: string | null;
    readonly hostKeySha256: string;
    readonly hostKeyAlgorithm: string;
    readonly ready: boolean;
    readonly checks: HostCheckResult[];
    readonly belayPublicKey: string;
    readonly facts: HostFacts | null;
  }>;
}

// ---- store ----------------------------------------------------------------------------------------------------------------

export interface NewIncident {
  readonly vmId: VmId;
  readonly layer: Layer;
  readonly cause: Cause;
  readonly certainty: Certainty;
  readonly tp: EpochMs;
  readonly tpSource: TpSource;
  readonly td: EpochMs;
  readonly evidence: readonly Evidence[];
  readonly words: string;
  /** The plan, or the reason why nothing is done (the incident is then handed over at once). */
  readonly plan: { readonly technique: TechniqueName; readonly words: string } | { readonly refusal: string };
}

/** What a repair needs to know of its VM. */
export interface RepairWork {
  readonly repair: Repair;
  readonly incident: Incident;
  readonly host: Host;
  /** null for the repair of a host. */
  readonly vm: Vm | null;
  /** libvirt's XML as last read while the VM was well. */
  readonly definition: string | null;
}

export interface EngineStore
  extends FenceStore,
    RelocationStore,
    MaintenanceStore,
    CheckpointStore,
    RetentionStore,
    CollaborationStore {
  hosts(): Promise<Host[]>;
  vmsOf(host: HostId): Promise<Vm[]>;
  /** One of them as it is now; undefined once it was removed. */
  host(id: HostId): Promise<Host | undefined>;
  vm(id: VmId): Promise<Vm | undefined>;
  /** The incidents of a host's VMs that have not ended, by VM (handed over counts: it stays until the VM is well). */
  openIncidentsOf(host: HostId): Promise<ReadonlyMap<VmId, IncidentState>>;
  /** The protection of the VM's application; "provider" for a VM that belongs to none. */
  modeOf(vm: VmId): Promise<ProtectionMode>;
  recordHost(host: HostId, state: HostState, at: EpochMs, words: string | null, facts?: HostFacts): Promise<void>;
  /**
   * Takes a domain that the host showed as one of ours. The same UUID twice on one host is one VM. Known on another host, it is given
   * back as it is known there and nothing is written: who asked sees by its `hostId` that it is not this host's.
   */
  adoptVm(
    host: HostId,
    sight: DomainSight,
    definition: { readonly xml: string; readonly diskPaths: readonly string[] } | null,
    wanted: WantedState,
    at: EpochMs,
  ): Promise<Vm>;
  /** Writes what was seen, and an event when it differs from what was known. */
  recordVm(
    vm: VmId,
    sight: Pick<Vm, "state" | "reason" | "runId" | "persistent" | "memoryMiB" | "vcpus">,
    at: EpochMs,
  ): Promise<Vm>;
  recordWanted(vm: VmId, wanted: WantedState, words: string, at: EpochMs): Promise<Vm>;
  recordDefinition(vm: VmId, definition: string, diskPaths: readonly string[]): Promise<void>;
  /** Whether a definition of the VM is kept. */
  definitionKnown(vm: VmId): Promise<boolean>;
  /** The time of the newest injected fault of the VM's run, where one is known. */
  injectedAt(vm: VmId, sinceMs: EpochMs): Promise<EpochMs | undefined>;
  /**
   * One transaction: incident, plan, event. While the VM has an incident that has not ended nothing is written and
   * undefined is returned (invariant 2 is also a partial unique index). With a refusal the incident is `handed-over` from the start.
   */
  openIncident(incident: NewIncident): Promise<{ incidentId: IncidentId; repairId: RepairId | undefined } | undefined>;
  /** Ends an incident that is open or handed over and has no open repair, because the VM is well again. Else nothing. */
  clearIncident(vm: VmId, words: string, at: EpochMs): Promise<void>;
  /** Repairs of the VM that began since then, for the restart limit. Those of injected faults do not count: they say nothing of its health. */
  repairsSince(vm: VmId, since: EpochMs): Promise<number>;
  /** Repairs that have not ended, oldest first: what a new start has to go on with. */
  openRepairs(): Promise<RepairId[]>;

  repairWork(repair: RepairId): Promise<RepairWork>;
  beginRepair(repair: RepairId, at: EpochMs): Promise<void>;
  /** Journals `started` before the effect. The same step again counts one more attempt. */
  stepStarted(repair: RepairId, step: string, at: EpochMs): Promise<void>;
  /** `detail` is for the provider alone. */
  stepEnded(
    repair: RepairId,
    step: string,
    end: { readonly state: "done" | "failed"; readonly words: string; readonly detail: string | null },
    at: EpochMs,
  ): Promise<void>;
  /** Ends the repair and its incident together. Twice is once. */
  endRepair(
    repair: RepairId,
    end: {
      readonly state: RepairState;
      readonly incident: IncidentState;
      readonly words: string;
      readonly tr: EpochMs | null;
    },
    at: EpochMs,
  ): Promise<void>;

  /** Intents that people recorded and nobody has carried out, oldest first. */
  pendingIntents(): Promise<Intent[]>;
  /** Journals that the intent is being carried out. False when it already ended. */
  beginIntent(intent: IntentId, at: EpochMs): Promise<boolean>;
  endIntent(intent: IntentId, outcome: { readonly ok: boolean; readonly words: string }, at: EpochMs): Promise<void>;
}

/** A numbered event as it is stored: what providers see. */
export interface StoredEvent {
  readonly seq: number;
  readonly at: EpochMs;
  readonly words: string;
  /** A `Change` of lib/contract, as JSON. */
  readonly change: unknown;
}

export interface EventFeed {
  /** In order, gapless, at most `limit`. */
  after(seq: number, limit: number): Promise<StoredEvent[]>;
  lastSeq(): Promise<number>;
  /** Calls `wake` after commits; calls may be lost or doubled. Returns how to stop. */
  onNews(wake: () => void): () => void;
}

/** Wakes the engine when people changed something: hosts enrolled or removed, intents recorded. Hints, as all wakes. */
export interface Wakes {
  onWake(wake: (what: "hosts" | "intents" | "vms" | "messages") => void): () => void;
}
