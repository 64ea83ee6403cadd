/** Repairing together: the conversation with a customer's manager, and VMs that are made from images. Real: lib/store, lib/collaboration, lib/hypervisor. */
import type {
  Agreement,
  Allocation,
  AllocationId,
  AllocationState,
  ApiKey,
  ApplicationId,
  ConversationMessage,
  CustomerMessage,
  Endpoint,
  EpochMs,
  GuestNetwork,
  HostId,
  Image,
  ImageId,
  Incident,
  IncidentId,
  KeyId,
  ManagerStanding,
  MessageId,
  OrganizationId,
  ProviderMessage,
  RepairId,
  SensorReport,
  TechniqueName,
  Viewer,
  Vm,
  VmId,
} from "../../model/index.ts";

export type Heard = Extract<ConversationMessage, { readonly from: "customer" }>;

/** The engine's side of the conversation. Each method is one transaction. */
export interface CollaborationStore {
  /** The agreement of the VM's application within the provider's offer now; the default for a VM of none. */
  agreementOf(vm: VmId): Promise<Agreement>;
  image(id: ImageId): Promise<Image | undefined>;
  /**
   * Puts a message into the thread of the incident (null: the organization's own), to be delivered until somebody has it. The same `key`
   * twice is one message, with the content of the first.
   */
  say(
    saying: {
      readonly key: string;
      readonly organizationId: OrganizationId;
      readonly incidentId: IncidentId | null;
      readonly repairId: RepairId | null;
      readonly message: ProviderMessage;
    },
    at: EpochMs,
  ): Promise<MessageId>;
  /** What the customer said of this repair, in order. */
  heardOf(repair: RepairId): Promise<readonly Heard[]>;
  /** Questions and answers of customers that the engine has not settled, oldest first: diagnoses asked for, answers to ours, and to announcements. */
  unsettled(): Promise<readonly Heard[]>;
  settle(message: MessageId, at: EpochMs): Promise<void>;
  /** The manager that is heard; undefined where there never was one. */
  managerOf(organization: OrganizationId): Promise<ManagerStanding | undefined>;
  /** Whether messages to this customer can be delivered over HTTPS. */
  hasEndpoint(organization: OrganizationId): Promise<boolean>;
  sensorsOf(application: ApplicationId): Promise<SensorReport | undefined>;
  /** The VM's incident that has not ended, whole. */
  openIncidentOf(vm: VmId): Promise<Incident | undefined>;
  /** Incidents of layer `application` that have not ended, oldest first. */
  applicationIncidents(): Promise<readonly Incident[]>;
  /** What repairs that succeeded by this technique took from their beginning to the answer, newest first, at most 20. */
  tookMs(technique: TechniqueName, vm: VmId): Promise<readonly number[]>;
  /** The new disk of a VM that was made anew: from now on its definition and its disk. */
  recordRebuilt(vm: VmId, definition: string, diskPaths: readonly string[], at: EpochMs): Promise<void>;

  /** Allocations that are not settled: asked, making, freeing. Oldest first. */
  openAllocations(): Promise<readonly Allocation[]>;
  allocation(id: AllocationId): Promise<Allocation | undefined>;
  /** Writes what became of it. An ended one is left alone. `takingBack` is false where it is not named. */
  recordAllocation(
    id: AllocationId,
    to: {
      readonly state: AllocationState;
      readonly words: string;
      readonly hostId?: HostId;
      readonly vmId?: VmId;
      readonly takingBack?: boolean;
    },
    at: EpochMs,
  ): Promise<void>;
  /** A VM that Belay made: whose it is, what it is made from, how it is asked. Twice is once. */
  recordAllocated(allocation: AllocationId, vm: VmId, at: EpochMs): Promise<Vm>;
  /** The VM was taken away: forgotten, as with its host. */
  recordFreed(allocation: AllocationId, vm: VmId | null, at: EpochMs): Promise<void>;
}

/** Makes VMs from images on hosts. Real: lib/hypervisor over SSH and libvirt. Each may be done twice. Throws `HypervisorRefused`, `HostUnreachable`. */
export interface Provisioner {
  /** Disk and seed for this allocation below `directory`, and the domain defined, with generation 0. It is not started. */
  make(
    host: HostId,
    allocation: Allocation,
    image: Image,
    network: GuestNetwork,
    directory: string,
  ): Promise<{ readonly words: string }>;
  /** Ends the domain where it runs, undefines it, removes its disk and seed. What is gone already is no error. */
  remove(host: HostId, uuid: string, directory: string): Promise<{ readonly words: string }>;
  /**
   * A fresh disk from the image beside the VM's others, which all stay: whether the repair ends well is not known yet. Gives the definition
   * with the fresh disk in the first one's place. `label` names the file: the same label twice is one disk. The domain must not run on any host.
   */
  renewDisk(
    host: HostId,
    vm: Pick<Vm, "uuid" | "name">,
    definition: string,
    image: Image,
    label: string,
  ): Promise<{ readonly definition: string; readonly diskPaths: readonly string[]; readonly words: string }>;
  /**
   * Once a VM that was made anew serves: removes the disks of it that Belay has made from images, but those to `keep`: what it runs from, and what
   * it was made of before. What a restore of a checkpoint, or a person, made is not touched.
   */
  removeOlderDisks(
    host: HostId,
    vm: Pick<Vm, "uuid" | "name">,
    keep: readonly string[],
  ): Promise<{ readonly words: string }>;
}

/** What people, programs with keys, and the delivery of messages ask of the store. Writes of people are audited under `by`. */
export interface CollaborationServiceStore {
  keys(organization: OrganizationId): Promise<readonly ApiKey[]>;
  createKey(key: ApiKey, digest: string, by: Viewer, at: EpochMs): Promise<ApiKey>;
  revokeKey(id: KeyId, by: Viewer, at: EpochMs): Promise<void>;
  /** The key with this digest that is not revoked, and notes its use (at most once a minute). */
  keyByDigest(digest: string, at: EpochMs): Promise<ApiKey | undefined>;

  images(): Promise<readonly Image[]>;
  putImage(image: Image, by: Viewer, at: EpochMs): Promise<Image>;
  removeImage(id: ImageId, by: Viewer, at: EpochMs): Promise<void>;

  endpoint(organization: OrganizationId): Promise<(Endpoint & { readonly secret: string }) | undefined>;
  putEndpoint(endpoint: Endpoint, secret: string, by: Viewer, at: EpochMs): Promise<void>;
  removeEndpoint(organization: OrganizationId, by: Viewer, at: EpochMs): Promise<void>;
  recordDelivery(
    organization: OrganizationId,
    found: { readonly ok: boolean; readonly gone?: boolean; readonly words: string },
    at: EpochMs,
  ): Promise<void>;
  endpoints(): Promise<readonly (Endpoint & { readonly secret: string })[]>;

  /**
   * Makes this manager the one that is heard, for `leaseMs`, where none other is; renews it where it is already. Another one's lease that
   * is not over: `active` false. A new holder gets a new epoch.
   */
  claimManager(
    manager: Pick<ManagerStanding, "organizationId" | "instance" | "name" | "version" | "byEndpoint">,
    leaseMs: number,
    at: EpochMs,
  ): Promise<{ readonly active: boolean; readonly epoch: number }>;
  /** It went away: its lease ends now. A later holder is left alone. */
  releaseManager(organization: OrganizationId, instance: string, at: EpochMs): Promise<void>;
  managers(): Promise<readonly ManagerStanding[]>;
  /** Replaces the application's report. Told only where a state changed, or the last one had grown stale. */
  recordSensors(report: SensorReport, at: EpochMs): Promise<void>;
  sensorReports(): Promise<readonly SensorReport[]>;

  /** Messages to this customer that nobody has said to have, in order of threads and sequence, at most `limit`. */
  undelivered(organization: OrganizationId, limit: number): Promise<readonly ConversationMessage[]>;
  recordReceived(organization: OrganizationId, message: MessageId, at: EpochMs): Promise<void>;
  /**
   * Takes what a customer said. The same id twice is once. Throws BelayError: "not-found" for a repair or VM that is not theirs, "conflict"
   * for an epoch that is not the active one's (null: an endpoint's answer, taken only where no manager is active), or for a repair that has
   * ended or does not await this.
   */
  hear(
    heard: {
      readonly id: MessageId;
      readonly organizationId: OrganizationId;
      readonly epoch: number | null;
      readonly message: CustomerMessage;
      readonly by: string;
    },
    at: EpochMs,
  ): Promise<ConversationMessage>;
  /** A conversation, oldest first: of an incident, or (null) the organization's own, newest 200. */
  conversation(organization: OrganizationId, incident: IncidentId | null): Promise<readonly ConversationMessage[]>;
  /** Calls `wake` after commits that put a message for a customer. Returns how to stop. */
  onSayings(wake: () => void): () => void;

  allocations(organization: OrganizationId | null): Promise<readonly Allocation[]>;
  /**
   * Writes the wish with an address of its own. The same key twice is one. Throws "conflict": no address left, or more than the policy
   * allows one customer, or a name that any VM has already.
   */
  askAllocation(
    allocation: Omit<Allocation, "state" | "address" | "hostId" | "takingBack" | "vmId" | "endedAt" | "words">,
    key: string,
    by: Viewer,
    at: EpochMs,
  ): Promise<Allocation>;
  /** Twice is once. Throws "not-allowed" for a VM that Belay did not make. */
  askFree(vm: VmId, by: Viewer, at: EpochMs): Promise<Allocation>;
  setImageOf(vm: VmId, image: ImageId | null, by: Viewer, at: EpochMs): Promise<Vm>;
}
