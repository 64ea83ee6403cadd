import { describe, expect, test } from "vitest";
import {
  defaultAgreement,
  freshHost,
  freshVm,
  type IdKind,
  idSource,
  type OrganizationId,
  type Viewer,
} from "../model/index.ts";
import type { CheckpointStatusView, CheckpointView } from "./checkpoint-views.ts";
import type { AllocationView, ImageView, ManagerView, SensorReportView } from "./collaboration/views.ts";
import type { Change } from "./events.ts";
import { changeFor, checkpointFor, checkpointStatusFor, cloudFor, eventFor } from "./redact.ts";
import type { CloudView, IncidentView, VmView } from "./views.ts";

let seed = 0;
const ids = idSource(
  () => 1_700_000_000_000 + seed++,
  () => 0.5,
);
const id = <K extends IdKind>(kind: K) => ids.next(kind);

const provider: Viewer = { userId: null, name: "Admin", organizationId: id("org"), role: "provider" };
const customer = (organizationId: OrganizationId): Viewer => ({
  userId: null,
  name: "C",
  organizationId,
  role: "customer",
});
const aster = customer(id("org"));
const birch = customer(id("org"));

const hostId = id("hst");
const vm = (owner: OrganizationId | null): VmView => ({
  ...freshVm,
  id: id("vm"),
  hostId,
  organizationId: owner,
  applicationId: null,
  imageId: null,
  name: "web-1",
  uuid: "00000000-0000-0000-0000-000000000001",
  memoryMiB: 256,
  vcpus: 1,
  wanted: "running",
  state: "running",
  reason: "none",
  stateSince: 0,
  runId: 1,
  persistent: true,
  answerCheck: { kind: "agent" },
  consent: "restart-vm",
});
const image: ImageView = {
  ...{ id: id("img"), name: "bare", words: "The system alone.", sha256: "0".repeat(64), sizeBytes: 1_048_576 },
  ...{ format: "qcow2", path: "/host-1/bare.qcow2" },
};
const manager = (organizationId: OrganizationId): ManagerView => ({
  ...{ organizationId, instance: "instance-1", name: "shop", version: "1", epoch: 1, connected: true },
  ...{ since: 0, heardAt: 1 },
});
const sensors = (organizationId: OrganizationId): SensorReportView => ({
  ...{ organizationId, applicationId: id("app"), reportedAt: 1, sensors: [] },
});
const allocation = (organizationId: OrganizationId): AllocationView => ({
  ...{ id: id("alc"), organizationId, applicationId: id("app"), imageId: image.id, name: "db-1", memoryMiB: 256 },
  ...{
    vcpus: 1,
    apart: null,
    state: "running",
    address: "198.18.0.9",
    vmId: null,
    askedAt: 1,
    endedAt: null,
    words: "",
  },
});
const said = (organizationId: OrganizationId): Change => ({
  ...{ kind: "conversation.changed", organizationId, incidentId: null },
  message: {
    ...{ id: id("msg"), organizationId, incidentId: null, repairId: null, sequence: 1, at: 1 },
    ...{ from: "customer", by: "shop", message: { kind: "repair.accepted", repair: id("rep") } },
  },
});
const incident = (of: VmView): IncidentView => ({
  id: id("inc"),
  layer: "vm",
  cause: "qemu-died",
  certainty: "certain",
  state: "open",
  hostId,
  vmId: of.id,
  partOf: null,
  awaits: null,
  organizationId: of.organizationId,
  applicationId: null,
  tp: 0,
  tpSource: "event",
  td: 1,
  tr: null,
  endedAt: null,
  words: "The VM's process died.",
  evidence: [
    { at: 0, source: "event", words: "host-1 said so", audience: "provider" },
    { at: 0, source: "event", words: "The VM's process ended.", audience: "all" },
  ],
  repairs: [
    {
      id: id("rep"),
      incidentId: id("inc"),
      vmId: of.id,
      technique: "revive-vm",
      state: "handed-over",
      plannedAt: 0,
      finishedAt: 1,
      words: "Start it again on its host.",
      steps: [
        {
          name: "bring up",
          state: "failed",
          startedAt: 0,
          finishedAt: 1,
          attempts: 1,
          words: "The hypervisor refused.",
          detail: "host-1: /srv/images/web-1.qcow2: Permission denied",
        },
      ],
    },
  ],
});
const status = (of: VmView): CheckpointStatusView => ({
  vmId: of.id,
  offer: { method: "background", words: "host-1 can do it", lazy: true },
  lastAt: 0,
  keptEveryMs: null,
  trouble: null,
  standby: null,
  costMs: null,
  tookMs: null,
});
const host: Change = {
  kind: "host.changed",
  host: {
    ...freshHost,
    id: hostId,
    name: "host-1",
    uri: "qemu+ssh://root@198.18.0.2/system",
    hostKeySha256: "SHA256:x",
    state: "up",
    stateSince: 0,
    stateWords: null,
    cpus: 2,
    memoryMiB: 1024,
    libvirtVersion: "9.0.0",
    qemuVersion: "7.2.22",
    faultInjection: true,
    enrolledAt: 0,
  },
};

describe("a customer", () => {
  const mine = vm(aster.organizationId);
  const changes: Change[] = [
    host,
    { kind: "host.removed", hostId },
    { kind: "vm.changed", vm: mine },
    { kind: "vm.removed", vmId: mine.id, organizationId: aster.organizationId },
    { kind: "incident.changed", incident: incident(mine) },
    {
      kind: "application.changed",
      application: {
        ...{ id: id("app"), organizationId: aster.organizationId, name: "shop", mode: "provider" },
        ...{ checkpointEveryMs: null, agreement: defaultAgreement },
      },
    },
    { kind: "checkpoint-status.changed", organizationId: aster.organizationId, status: status(mine) },
    { kind: "organization.changed", organization: { id: aster.organizationId, name: "Aster", role: "customer" } },
    said(aster.organizationId),
    { kind: "sensors.changed", report: sensors(aster.organizationId) },
    { kind: "manager.changed", manager: manager(aster.organizationId) },
    { kind: "allocation.changed", allocation: allocation(aster.organizationId) },
    { kind: "image.changed", image },
    { kind: "image.removed", imageId: image.id },
  ];

  test("sees nothing at all of what belongs to another or to the provider", () => {
    const seen = changes.map((change) => changeFor(birch, change)).filter((change) => change !== undefined);
    // Of hosts they learn that something may be new, and not what: no event of theirs has more than its kind. Images are for all.
    expect(seen).toEqual([
      { kind: "cloud.stale" },
      { kind: "cloud.stale" },
      { kind: "image.changed", image: { ...image, path: null } },
      { kind: "image.removed", imageId: image.id },
    ]);
  });

  test("sees their own without the host, in any form", () => {
    const seen = changes.map((change) => changeFor(aster, change)).filter((change) => change !== undefined);
    expect(seen.map((change) => change.kind)).toEqual([
      "cloud.stale",
      "cloud.stale",
      "vm.changed",
      "vm.removed",
      "incident.changed",
      "application.changed",
      "checkpoint-status.changed",
      "organization.changed",
      "conversation.changed",
      "sensors.changed",
      "manager.changed",
      "allocation.changed",
      "image.changed",
      "image.removed",
    ]);
    expect(JSON.stringify(seen)).not.toContain("host-1");
    expect(JSON.stringify(seen)).not.toContain(hostId);
  });

  test("reads of a saved state how it is saved, and not what the host says of it", () => {
    const checkpoint: CheckpointView = {
      ...{ id: id("ckp"), vmId: mine.id, at: 0, method: "background", state: "damaged", generation: 0, runId: 1 },
      ...{ pauseMs: 1, tookMs: 2, wholeBytes: 3, changedBytes: 4, storedBytes: 5, verifiedAt: 6, kept: false },
      words: "/dev/shm/belay on host-1 was full.",
    };
    expect(JSON.stringify(checkpointFor(aster, checkpoint))).not.toMatch(/host-1|shm/);
    expect(checkpointFor(provider, checkpoint)).toBe(checkpoint);
    const none = { ...status(mine), offer: { method: null, words: "QEMU on host-1 is too old.", lazy: false } };
    expect(checkpointStatusFor(aster, none).offer?.words).toBe("Its state cannot be saved where it runs now.");
    expect(checkpointStatusFor(aster, { ...none, offer: null }).offer).toBeNull();
    const nobodys: Change = { kind: "checkpoint-status.changed", organizationId: null, status: none };
    expect([changeFor(aster, nobodys), changeFor(provider, nobodys)]).toEqual([undefined, nobodys]);
  });

  test("does not get the provider's sentence of an event", () => {
    const event = { seq: 1, at: 0, words: "web-1 on host-1 died", change: changes[2] ?? host };
    expect(eventFor(aster, event)?.words).toBe("");
    expect(eventFor(provider, event)?.words).toContain("host-1");
  });

  test("of a whole cloud gets their own part only", () => {
    const theirs = vm(birch.organizationId);
    const cloud: CloudView = {
      seq: 9,
      simulated: false,
      viewer: provider,
      organizations: [],
      hosts: host.kind === "host.changed" ? [host.host] : [],
      applications: [],
      vms: [mine, theirs, vm(null)],
      incidents: [incident(mine), incident(theirs)],
      fenceDevices: [],
      hooks: [],
      maintenances: [],
      policy: null,
      tolerance: [],
      checkpointStoreFullSince: 5,
      checkpointStatuses: [status(mine), status(theirs)],
      checkpointLimits: { leastMs: 1_000, mostMs: 86_400_000 },
      checkpointsToldEveryMs: 5_000,
      modesOffered: ["provider"],
      images: [image],
      managers: [manager(aster.organizationId), manager(birch.organizationId)],
      sensorReports: [sensors(aster.organizationId), sensors(birch.organizationId)],
      allocations: [allocation(aster.organizationId), allocation(birch.organizationId)],
    };
    const seen = cloudFor(aster, cloud);
    expect(seen.checkpointStoreFullSince).toBeNull();
    expect(seen.vms.map((it) => it.id)).toEqual([mine.id]);
    expect(seen.incidents).toHaveLength(1);
    expect(seen.checkpointStatuses.map((it) => it.vmId)).toEqual([mine.id]);
    for (const list of [seen.managers, seen.sensorReports, seen.allocations])
      expect(list.map((it) => it.organizationId)).toEqual([aster.organizationId]);
    expect(seen.images).toEqual([{ ...image, path: null }]);
    expect(JSON.stringify(seen)).not.toContain("host-1");
    expect(cloudFor(provider, cloud).vms).toHaveLength(3);
  });
});
