/** Saved states of VMs: how they are taken, kept and restored. Real: lib/checkpoint. Simulated: lib/sim. */
import type {
  CaptureMethod,
  CaptureOffer,
  Checkpoint,
  CheckpointId,
  CheckpointStatus,
  EpochMs,
  HostId,
  IntentId,
  OrganizationId,
  RepairId,
  Viewer,
  Vm,
  VmId,
} from "../../model/index.ts";
import type { Fenced } from "./hosts.ts";

type CapturedVm = Pick<Vm, "id" | "uuid" | "name" | "hostId" | "organizationId">;

export interface CaptureRequest {
  /** Made by the engine before anything is done, so that a capture that was cut short can be named and swept. */
  readonly id: CheckpointId;
  readonly vm: CapturedVm;
  readonly method: CaptureMethod;
  /** The newest checkpoint that is whole: what equals it is not stored again. null: the first. */
  readonly base: CheckpointId | null;
}

/** What a capture found and cost, once it is whole in the store. */
export type Captured = Pick<
  Checkpoint,
  "at" | "method" | "pauseMs" | "tookMs" | "wholeBytes" | "changedBytes" | "storedBytes" | "words"
>;

/** How far a capture is, as it goes: of the copies of disks first, then of what is sent. */
export type CaptureProgress = Pick<RestoreProgress, "bytesDone" | "bytesTotal">;

/** The store has no room, or a capture cannot be done now. `message` may be read by everybody; `detail` is the provider's. */
export class CaptureFailed extends Error {
  override readonly name = "CaptureFailed";
  readonly kind: "store-full" | "not-possible" | "interrupted";
  readonly detail: string | null;
  constructor(kind: CaptureFailed["kind"], message: string, detail: string | null = null) {
    super(message);
    this.kind = kind;
    this.detail = detail;
  }
}

/** Bytes of the checkpoint do not have their checksum, or are missing. An older one may be whole. */
export class CheckpointDamaged extends Error {
  override readonly name = "CheckpointDamaged";
}

export interface RestoreProgress {
  readonly phase: "reading" | "memory" | "disks" | "starting";
  readonly bytesDone: number;
  readonly bytesTotal: number;
}

export interface RestoreRequest {
  readonly checkpoint: CheckpointId;
  readonly vm: Pick<Vm, "id" | "uuid" | "name">;
  /** libvirt's XML as last read while the VM was well: what the domain is defined by after the restore, but for its disks. */
  readonly definition: string;
  readonly generation: number;
  /** Begins anew beside the VM, under this name, with a UUID and MAC addresses of its own and its links down: to look inside. */
  readonly beside?: { readonly name: string; readonly uuid: string };
  /** It is loaded, and its CPUs stand still until `letGo`, whoever dies meanwhile: for VMs that go on together, or none of them does. */
  readonly held?: true;
}

/** What a restore with `held` was of. */
export type HeldRestore = Pick<RestoreRequest, "checkpoint" | "vm" | "generation">;

/** `loading`: its memory is still read. `runs`: it was let go. `gone`: whatever is there is no run of this restore. */
export type HeldState = "loading" | "held" | "runs" | "gone";

/** Which store it is that keeps the bytes, and what it knows of itself. */
export interface StoreStanding {
  /** Goes with the bytes: one that was made anew, because its disk was not mounted, has another name. */
  readonly store: string;
  /** They are there and cannot be read now: their key or their disk is away. Nothing may be taken for lost meanwhile. */
  readonly unsure: ReadonlySet<CheckpointId>;
  /** Found damaged, by its own reading or by anybody's. */
  readonly damaged: readonly { readonly id: CheckpointId; readonly vmId: VmId }[];
}

export interface Checkpoints {
  /** The best method that works for this VM on its host now. Cheap to ask again; touches nothing that the guest could feel. */
  probe(host: HostId, vm: CapturedVm): Promise<CaptureOffer>;
  /**
   * Takes one. When it returns, manifest and data are on disk. Rejects with `CaptureFailed` or `HostUnreachable`; the guest runs then as
   * before, and nothing of it is left. The same id twice is one checkpoint. `onProgress` is called while it gets on.
   */
  capture(
    request: CaptureRequest,
    signal: AbortSignal,
    onProgress?: (progress: CaptureProgress) => void,
  ): Promise<Captured>;
  /**
   * Several VMs of one instant: all are held, captured, and let go; all or none is kept. No message is received in it that was not sent.
   */
  captureGroup(
    requests: readonly CaptureRequest[],
    signal: AbortSignal,
    onProgress?: (progress: CaptureProgress) => void,
  ): Promise<ReadonlyMap<VmId, Captured>>;
  /** Takes away what a capture that was cut short left on the host: jobs, capabilities, bitmaps, files; lets the guest go on. Twice is once. */
  sweep(host: HostId, vm: CapturedVm): Promise<{ readonly words: string }>;
  /** Why this cannot be restored with this definition, for the VM's owner; undefined: nothing speaks against it. Touches nothing. */
  whyNot(request: RestoreRequest): Promise<string | undefined>;
  /**
   * Restores onto `target` and starts. Does nothing where it runs there already with that generation. `proof` as for `startElsewhere`; null
   * on the VM's own host, where it must not be running. Throws `CheckpointDamaged`, `HypervisorRefused`, `HostUnreachable`. Once `signal` has
   * aborted it starts nothing any more; a start that had begun goes on, and it settles only after its end. With `held` what runs there must be
   * of this very checkpoint: else it is refused.
   */
  restore(
    target: HostId,
    request: RestoreRequest,
    proof: Fenced | null,
    onProgress: (progress: RestoreProgress) => void,
    signal?: AbortSignal,
  ): Promise<{ readonly done: boolean; readonly words: string; readonly lazy: boolean }>;
  /** What became of a restore with `held`. Touches nothing. */
  heldState(target: HostId, restored: HeldRestore): Promise<HeldState>;
  /**
   * It goes on from the instant in which it was saved. Twice is once. `proof` as for `restore`: since it was held its old host may have come back.
   * Throws `HypervisorRefused` where there is no run of that restore.
   */
  letGo(
    target: HostId,
    restored: HeldRestore,
    proof: Fenced | null,
  ): Promise<{ readonly done: boolean; readonly words: string }>;
  /** Brings the replica on `target` to this checkpoint. Twice is once. A replica holds disk and memory, and runs nothing. */
  refreshStandby(target: HostId, request: RestoreRequest): Promise<void>;
  /** Whether a replica of just this checkpoint is ready there. Throws `HostUnreachable` where that cannot be asked. */
  standbyReady(target: HostId, vm: Pick<Vm, "uuid">, checkpoint: CheckpointId): Promise<boolean>;
  dropStandby(target: HostId, vm: Pick<Vm, "uuid">): Promise<void>;

  /** Cheap: asked at each capture. */
  standing(): Promise<StoreStanding>;
  /** What the store holds of a VM, newest first: the truth about what can be restored. Those that it is not sure of are left out. */
  held(
    vm: Pick<Vm, "id">,
  ): Promise<readonly { readonly id: CheckpointId; readonly at: EpochMs; readonly valid: boolean }[]>;
  /** Reads every byte of it and compares. False: damaged. Rejects for one that cannot be read now and may be well. */
  verify(checkpoint: CheckpointId): Promise<boolean>;
  /** Forgets these; what no other needs is freed. Twice is once. */
  drop(checkpoints: readonly CheckpointId[]): Promise<void>;
}

/** What people ask for about checkpoints, which the engine does. */
export type CheckpointWish =
  | { readonly kind: "capture" }
  | { readonly kind: "restore"; readonly checkpoint: CheckpointId }
  | { readonly kind: "restore-beside"; readonly checkpoint: CheckpointId; readonly name: string };

/** The database's side: what is shown, planned with and audited. The store of bytes is `Checkpoints`. Each method is one transaction. */
export interface CheckpointStore {
  /**
   * Writes a new one, without an event: `recordCheckpointStatus` tells. The same id twice is once; a VM that was removed gets none. `inStore`:
   * which one holds its bytes.
   */
  recordCheckpoint(checkpoint: Checkpoint, at: EpochMs, inStore?: StoreStanding["store"]): Promise<void>;
  /** Verified, or found damaged; gone ones are left alone. */
  recordVerified(
    checkpoint: CheckpointId,
    found: { readonly ok: boolean; readonly words: string },
    at: EpochMs,
  ): Promise<void>;
  /** Their bytes lie in this store, whatever was written before. Gone ones are left alone. */
  recordStored(checkpoints: readonly CheckpointId[], inStore: StoreStanding["store"]): Promise<void>;
  /**
   * Forgotten: before its bytes are dropped, so that nobody is shown what is not there. With `unless: "kept"` those stay that a person keeps,
   * perhaps since a moment ago. Answers with those that are not there any more: their bytes may be dropped.
   */
  removeCheckpoints(
    checkpoints: readonly CheckpointId[],
    at: EpochMs,
    unless?: "kept",
  ): Promise<readonly CheckpointId[]>;
  /**
   * Newest first, in the order in which they were written down, whatever was done to clocks. `inStore`: only those whose bytes are in this one,
   * or of which that is not known.
   */
  checkpointsOf(vm: VmId, inStore?: StoreStanding["store"]): Promise<Checkpoint[]>;
  /** Of VMs that were removed: those that are older, oldest first, some at a time. Nobody can restore them any more. */
  checkpointsOfRemoved(before: EpochMs): Promise<CheckpointId[]>;
  /**
   * Writes what changed. Told at once where it matters to people (offer, trouble, standby, the first one, none left); newer times and costs
   * alone at most every `tellCheckpointsEveryMs`. A VM that was removed has none. `trouble` and `standby.words` are read by the VM's owner:
   * they name no host, address or path.
   */
  recordCheckpointStatus(status: CheckpointStatus, at: EpochMs): Promise<void>;
  checkpointStatuses(): Promise<ReadonlyMap<VmId, CheckpointStatus>>;
  /**
   * The interval that holds for each VM that has one: its own, else its application's, within what the provider offers now. Mode "provider"
   * or "collaborative" only. `of`: of this one alone.
   */
  checkpointIntervals(of?: VmId): Promise<ReadonlyMap<VmId, number>>;
  /** Wishes of people that nobody has carried out, oldest first, and their ends. */
  pendingWishes(): Promise<readonly PendingWish[]>;
  beginWish(id: PendingWish["id"], at: EpochMs): Promise<boolean>;
  /** `words` are read by the VM's owner: no host, address or path. */
  endWish(id: PendingWish["id"], outcome: { readonly ok: boolean; readonly words: string }, at: EpochMs): Promise<void>;
  /**
   * An incident that its owner's call opened, with the repair `assisted-restart`; undefined while the VM has another that has not ended.
   * `at` is the wish's: the same VM, checkpoint and `at` are one call, also once its repair has ended. Throws "not-found" for a checkpoint
   * that is not the VM's (any more).
   */
  openCalledRestore(vm: VmId, checkpoint: CheckpointId, by: string, at: EpochMs): Promise<RepairId | undefined>;
  /** Which checkpoint a repair was told to take; undefined: the newest valid one. */
  calledCheckpoint(repair: RepairId): Promise<CheckpointId | undefined>;
  /**
   * `vm` was restored beside `of`, to look inside: it is whose that is, and nothing repairs it (consent `notify`, no application, no
   * checkpoints). Twice is once.
   */
  recordBeside(vm: VmId, of: VmId, at: EpochMs): Promise<void>;
}

export interface PendingWish {
  readonly id: IntentId;
  readonly vmId: VmId;
  readonly by: string;
  readonly wish: CheckpointWish;
  readonly at: EpochMs;
  /** Whose the VM was when it was asked; undefined: that was not written down. */
  readonly owner: OrganizationId | null | undefined;
}

/** What people ask of the store. Audited under `by`. */
export interface CheckpointServiceStore {
  /** Newest first, as `checkpointsOf`. With an organization: those that were taken while the VM was theirs, and not what it did for its owner before. */
  checkpoints(options: {
    readonly vmId: VmId;
    readonly limit: number;
    readonly organizationId?: OrganizationId;
  }): Promise<Checkpoint[]>;
  /** With whose the VM was when it was taken. */
  checkpoint(
    id: CheckpointId,
  ): Promise<{ readonly checkpoint: Checkpoint; readonly organizationId: OrganizationId | null } | undefined>;
  checkpointStatuses(): Promise<ReadonlyMap<VmId, CheckpointStatus>>;
  /** The same `key` twice is one wish. Throws "conflict" for a key of something else, and where too many wishes of the VM wait. */
  recordWish(
    wish: { readonly vmId: VmId; readonly wish: CheckpointWish; readonly key: string },
    by: Viewer,
    at: EpochMs,
  ): Promise<PendingWish["id"]>;
  keepCheckpoint(id: CheckpointId, kept: boolean, by: Viewer, at: EpochMs): Promise<Checkpoint>;
  /** Failures of the VM since then, for the advice: one of each incident that a fault of people's own did not cause. */
  failuresSince(vm: VmId, since: EpochMs): Promise<number>;
  organizationOf(vm: VmId): Promise<OrganizationId | null>;
}
