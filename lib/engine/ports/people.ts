/** What people ask of the store. */
import type {
  Agreement,
  Allocation,
  AnswerCheck,
  Application,
  ApplicationId,
  CheckpointStatus,
  CloudPolicy,
  Consent,
  EpochMs,
  FenceDevice,
  Hook,
  Host,
  HostId,
  Image,
  Incident,
  IncidentId,
  IntentId,
  Maintenance,
  ManagerStanding,
  Organization,
  OrganizationId,
  ProtectionMode,
  SensorReport,
  Tolerance,
  Viewer,
  Vm,
  VmId,
  WantedState,
} from "../../model/index.ts";
import type { CheckpointServiceStore, CheckpointWish } from "./checkpoints.ts";
import type { CollaborationServiceStore } from "./collaboration.ts";
import type { ProviderStore } from "./store.ts";

/** What a person asked for and the engine does. */
export interface Intent {
  readonly id: IntentId;
  readonly kind: "kill-vm";
  readonly vmId: VmId;
  readonly hostId: HostId;
  readonly uuid: string;
  readonly name: string;
  readonly runId: number;
  readonly at: EpochMs;
}

/** What is known of a host when it is enrolled; the rest begins as it begins for every host. */
export type NewHost = Pick<
  Host,
  | "id"
  | "name"
  | "uri"
  | "hostKeySha256"
  | "cpus"
  | "memoryMiB"
  | "libvirtVersion"
  | "qemuVersion"
  | "faultInjection"
  | "enrolledAt"
> &
  Partial<Pick<Host, "rack" | "sharedPaths">>;

/** What the provider does to one who may sign in. */
export interface PersonDeed {
  readonly action: "person.add" | "person.password";
  readonly email: string;
  readonly organizationId: OrganizationId;
}

/** What people ask of the store. Every write is audited under `by` in the same transaction. */
export interface ServiceStore extends ProviderStore, CheckpointServiceStore, CollaborationServiceStore {
  organizations(): Promise<Organization[]>;
  hosts(): Promise<Host[]>;
  applications(): Promise<Application[]>;
  vms(): Promise<Vm[]>;
  vm(id: VmId): Promise<Vm | undefined>;
  host(id: HostId): Promise<Host | undefined>;
  /** Newest first. */
  incidents(options: {
    readonly limit: number;
    readonly vmId?: VmId;
    /** Only this organization's: the limit must count what a customer may see. */
    readonly organizationId?: OrganizationId;
  }): Promise<Incident[]>;
  incident(id: IncidentId): Promise<Incident | undefined>;
  /** Everything at one instant, with the number of the last event in it. */
  snapshot(endedIncidents: number): Promise<{
    readonly seq: number;
    readonly organizations: Organization[];
    readonly hosts: Host[];
    readonly applications: Application[];
    readonly vms: Vm[];
    readonly incidents: Incident[];
    readonly fenceDevices: FenceDevice[];
    readonly hooks: Hook[];
    readonly maintenances: Maintenance[];
    readonly policy: CloudPolicy;
    readonly tolerance: readonly Tolerance[];
    /** Since when there is no room in the store of checkpoints for what is to be saved; null: there is, as far as is known. */
    readonly checkpointStoreFullSince: EpochMs | null;
    /** In the order of their VMs' ids. */
    readonly checkpointStatuses: readonly CheckpointStatus[];
    readonly images: readonly Image[];
    readonly managers: readonly ManagerStanding[];
    readonly sensorReports: readonly SensorReport[];
    /** Those that have not ended. */
    readonly allocations: readonly Allocation[];
  }>;
  enrolHost(host: NewHost, by: Viewer, at: EpochMs): Promise<Host>;
  /** Forgets the host and its VMs; touches no guest. */
  removeHost(id: HostId, by: Viewer, at: EpochMs): Promise<void>;
  createOrganization(organization: Organization, by: Viewer, at: EpochMs): Promise<Organization>;
  /** People are kept by who signs them in. What is done to one is written down here first: nothing is done that nobody wrote down. */
  auditPerson(deed: PersonDeed, by: Viewer, at: EpochMs): Promise<void>;
  createApplication(application: Application, by: Viewer, at: EpochMs): Promise<Application>;
  changeApplication(
    id: ApplicationId,
    to: {
      readonly mode?: ProtectionMode;
      readonly checkpointEveryMs?: number | null;
      readonly agreement?: Partial<Agreement>;
    },
    by: Viewer,
    at: EpochMs,
  ): Promise<Application>;
  changeVm(
    id: VmId,
    to: {
      readonly applicationId?: ApplicationId | null;
      readonly organizationId?: OrganizationId | null;
      readonly answerCheck?: AnswerCheck;
      readonly consent?: Consent;
      readonly wanted?: WantedState;
      readonly priority?: number;
      readonly apart?: string | null;
      readonly together?: string | null;
      readonly rollbackIntolerant?: boolean;
      readonly checkpointEveryMs?: number | null;
      readonly standby?: boolean;
      readonly checkpointGroup?: string | null;
    },
    by: Viewer,
    at: EpochMs,
  ): Promise<Vm>;
  /** The same `key` twice is one intent. */
  recordIntent(
    intent: { readonly kind: "kill-vm"; readonly vmId: VmId; readonly runId: number; readonly key: string },
    by: Viewer,
    at: EpochMs,
  ): Promise<IntentId>;
  /** The intent that was recorded under `key`: a request sent again after a lost reply gets the same answer. */
  intentByKey(key: string): Promise<
    | {
        readonly id: IntentId;
        readonly vmId: VmId;
        /** Of `kill-vm`; null for a wish. */
        readonly runId: number | null;
        readonly wish: CheckpointWish | null;
      }
    | undefined
  >;
  /** Throws BelayError "not-found" for an id that was never recorded. */
  intentOutcome(id: IntentId): Promise<{
    readonly vmId: VmId;
    readonly kind: Intent["kind"] | "checkpoint";
    readonly ended: boolean;
    readonly ok: boolean;
    readonly words: string;
  }>;
}
