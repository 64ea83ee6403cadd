/** The store's parts for hosts that fail: power, relocation, maintenance, and what the provider sets. Each method is one transaction. */
import type {
  Cause,
  Certainty,
  CloudPolicy,
  EpochMs,
  Evidence,
  FenceDevice,
  FenceDeviceId,
  FenceMethod,
  HelperReport,
  Hook,
  HookId,
  Host,
  HostHealth,
  HostId,
  HostStanding,
  Incident,
  IncidentId,
  Maintenance,
  MaintenanceId,
  MaintenanceState,
  Move,
  RepairId,
  TechniqueName,
  Tolerance,
  TpSource,
  Viewer,
  Vm,
  VmId,
} from "../../model/index.ts";

export interface NewHostIncident {
  readonly hostId: HostId;
  readonly cause: Cause;
  readonly certainty: Certainty;
  readonly tp: EpochMs;
  readonly tpSource: TpSource;
  readonly td: EpochMs;
  readonly evidence: readonly Evidence[];
  readonly words: string;
  /** The plan; why nothing is done (handed over at once); or a question to a person, which `approve` answers. */
  readonly plan:
    | { readonly technique: TechniqueName; readonly words: string }
    | { readonly refusal: string }
    | { readonly ask: string };
  /**
   * VMs that are lost with the host, in words for their owners. Each gets an incident `host-lost` that is part of this one; one that has
   * an open incident keeps it, its open repair is ended (`handed-over`: the host that it worked on is gone), and it becomes a part.
   */
  readonly lost: readonly { readonly vmId: VmId; readonly words: string }[];
}

export interface FenceStore {
  policy(): Promise<CloudPolicy>;
  /** In the order of their ids. */
  allVms(): Promise<Vm[]>;
  fenceDevices(): Promise<FenceDevice[]>;
  recordFenceTest(
    device: FenceDeviceId,
    found: { readonly ok: boolean; readonly words: string },
    at: EpochMs,
  ): Promise<void>;
  /** Each of these writes, and tells, only what changed. */
  recordHealth(host: HostId, health: HostHealth, at: EpochMs): Promise<void>;
  recordHelper(host: HostId, report: HelperReport | null, at: EpochMs): Promise<void>;
  recordProtection(host: HostId, protection: Host["protection"], at: EpochMs): Promise<void>;
  recordTolerance(tolerance: readonly Tolerance[], at: EpochMs): Promise<void>;
  /**
   * By lib/model's table of standings; the standing that it has already is no change. Throws BelayError "conflict" for a transition that
   * the table forbids. `proof` is needed for, and kept with, `fenced`; it is gone with the next standing.
   */
  recordStanding(
    host: HostId,
    standing: HostStanding,
    words: string | null,
    at: EpochMs,
    proof?: { readonly method: FenceMethod; readonly at: EpochMs; readonly words: string },
  ): Promise<Host>;
  /** What `fenced` rests on; undefined while the host does not stand so. */
  fenceProof(
    host: HostId,
  ): Promise<{ readonly method: FenceMethod; readonly at: EpochMs; readonly words: string } | undefined>;
  /** The provider said, for this incident, that the host is off and stays off. */
  personSaysOff(incident: IncidentId): Promise<{ readonly by: string; readonly at: EpochMs } | undefined>;

  /** One open incident per host (a partial unique index): undefined when there is one already. Standing becomes `fencing` with `evacuate`. */
  openHostIncident(
    incident: NewHostIncident,
  ): Promise<{ readonly incidentId: IncidentId; readonly repairId: RepairId | undefined } | undefined>;
  openHostIncidents(): Promise<Incident[]>;
  /** When hosts were found dead since then, whatever became of it: for the storm guard of an engine that has just started. */
  hostDeathsSince(since: EpochMs): Promise<EpochMs[]>;
  /** Gives an incident that was asked about, or handed over, its repair. undefined when it has an open one or has ended. */
  planHostRepair(
    incident: IncidentId,
    plan: { readonly technique: TechniqueName; readonly words: string },
    at: EpochMs,
  ): Promise<RepairId | undefined>;
  /** Ends the host's incident when it has no open repair, because the host is well again. Its VMs' incidents are left to their looks. */
  clearHostIncident(host: HostId, words: string, at: EpochMs): Promise<void>;
}

export interface RelocationStore {
  /** The VMs' incidents that are part of this one and have not ended, with the VM. */
  partsOf(incident: IncidentId): Promise<{ readonly incident: Incident; readonly vm: Vm }[]>;
  /**
   * Gives each of these VMs' incidents its repair (it is `open` until that begins), or hands it over. One that has an open repair, or
   * ended, is left alone. Answers with the open repairs that do what was planned, new or there from the first time: twice is once.
   */
  planRelocations(
    plans: readonly {
      readonly incidentId: IncidentId;
      readonly plan: { readonly technique: TechniqueName; readonly words: string } | { readonly refusal: string };
    }[],
    at: EpochMs,
  ): Promise<RepairId[]>;
  /**
   * Makes the VM `to`'s, with the next generation, for this repair: from here on it belongs there. Twice for one repair is once, and
   * gives the same numbers; another `to` in the same repair gives another generation. Refused (undefined) when the repair has ended, or when
   * the VM's host is neither fenced, nor `released` by this repair, nor already a host of this repair.
   */
  claimVm(
    repair: RepairId,
    to: HostId,
    released: boolean,
    at: EpochMs,
  ): Promise<{ readonly vm: Vm; readonly generation: number; readonly from: HostId } | undefined>;
  /** A person moved it by hand, or a migration ended: it is `to`'s now. */
  recordMoved(vm: VmId, to: HostId, words: string, at: EpochMs): Promise<Vm>;
  /** `to` is where a migration of ours is taking it; null ends that. */
  recordMoving(vm: VmId, to: HostId | null, at: EpochMs): Promise<Vm>;
  hooks(): Promise<Hook[]>;
}

export interface MaintenanceStore {
  /** Those that have not ended. */
  openMaintenances(): Promise<Maintenance[]>;
  maintenance(id: MaintenanceId): Promise<Maintenance>;
  /** Replaces the row of one VM. Percent never falls while it is `moving`: the store keeps the higher one. */
  recordMove(id: MaintenanceId, move: Move, at: EpochMs): Promise<void>;
  recordMaintenance(id: MaintenanceId, state: MaintenanceState, words: string, at: EpochMs): Promise<void>;
}

/** What the provider sets and asks for. Every write is audited under `by` in the same transaction. */
export interface ProviderStore {
  policy(): Promise<CloudPolicy>;
  changePolicy(to: Partial<CloudPolicy>, by: Viewer, at: EpochMs): Promise<CloudPolicy>;
  changeHost(
    id: HostId,
    to: { readonly rack?: string | null; readonly sharedPaths?: readonly string[]; readonly faultInjection?: boolean },
    by: Viewer,
    at: EpochMs,
  ): Promise<Host>;
  fenceDevices(): Promise<FenceDevice[]>;
  /** The same id again replaces it; it then counts as untested. */
  putFenceDevice(device: Omit<FenceDevice, "testedAt" | "ok" | "words">, by: Viewer, at: EpochMs): Promise<FenceDevice>;
  removeFenceDevice(id: FenceDeviceId, by: Viewer, at: EpochMs): Promise<void>;
  hooks(): Promise<Hook[]>;
  putHook(hook: Hook, by: Viewer, at: EpochMs): Promise<Hook>;
  removeHook(id: HookId, by: Viewer, at: EpochMs): Promise<void>;
  /** Answers an incident that awaits approval: Belay goes on. */
  approve(incident: IncidentId, by: Viewer, at: EpochMs): Promise<Incident>;
  /** "This host is off, and I keep it off": the proof of a person, where no switch and no lease can give one. */
  sayOff(incident: IncidentId, by: Viewer, at: EpochMs): Promise<Incident>;
  /** One at a time per host: throws "conflict" for a second one. Standing becomes `maintenance`. */
  beginMaintenance(
    maintenance: Pick<Maintenance, "id" | "hostId" | "parallel">,
    by: Viewer,
    at: EpochMs,
  ): Promise<Maintenance>;
  endMaintenance(id: MaintenanceId, by: Viewer, at: EpochMs): Promise<Maintenance>;
  maintenances(): Promise<Maintenance[]>;
}
