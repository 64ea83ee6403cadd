import type {
  Change,
  CheckpointStatusView,
  CloudEvent,
  CloudView,
  FenceDeviceView,
  HookView,
  HostView,
  IncidentView,
  MaintenanceView,
  VmView,
} from "../../contract/index.ts";
import { cloudView } from "../../contract/index.ts";
import { defaultAgreement, defaultPolicy, freshHost, freshVm } from "../../model/index.ts";

/** Small well-formed things for tests. `n` makes the id. */

const id = (kind: string, n: number) => `${kind}_${String(n).padStart(20, "0")}`;

const at = 1_790_000_000_000;

/** Parsed as the page parses it, so that the ids get their brand the only legal way. */
const base = (n: number): CloudView =>
  cloudView.parse({
    seq: 0,
    simulated: false,
    viewer: { userId: null, name: "Ada", organizationId: id("org", 1), role: "provider" },
    organizations: [{ id: id("org", n), name: `organization ${n}`, role: "customer" }],
    hosts: [
      {
        ...freshHost,
        id: id("hst", n),
        name: `host-${n}`,
        uri: `simulated://host-${n}`,
        hostKeySha256: "SHA256:none",
        state: "up",
        stateSince: at,
        stateWords: null,
        cpus: 4,
        memoryMiB: 8192,
        libvirtVersion: "9.0.0",
        qemuVersion: "7.2.0",
        faultInjection: true,
        enrolledAt: at,
      },
    ],
    applications: [
      {
        id: id("app", n),
        organizationId: id("org", 1),
        name: `app-${n}`,
        mode: "provider",
        checkpointEveryMs: null,
        agreement: defaultAgreement,
      },
    ],
    vms: [
      {
        ...freshVm,
        id: id("vm", n),
        hostId: id("hst", 1),
        organizationId: id("org", 1),
        applicationId: id("app", 1),
        imageId: null,
        name: `web-${n}`,
        uuid: "00000000-0000-4000-8000-000000000000",
        memoryMiB: 256,
        vcpus: 1,
        wanted: "running",
        state: "running",
        reason: "none",
        stateSince: at,
        runId: 1,
        persistent: true,
        answerCheck: { kind: "agent" },
        consent: "restart-vm",
      },
    ],
    incidents: [
      {
        id: id("inc", n),
        layer: "vm",
        cause: "qemu-died",
        certainty: "certain",
        state: "repairing",
        hostId: id("hst", 1),
        vmId: id("vm", 1),
        partOf: null,
        awaits: null,
        organizationId: id("org", 1),
        applicationId: id("app", 1),
        tp: at + n * 1000,
        tpSource: "event",
        td: at + n * 1000 + 20,
        tr: null,
        endedAt: null,
        words: "It is being started.",
        evidence: [],
        repairs: [],
      },
    ],
    fenceDevices: [
      {
        id: id("fnc", n),
        hostId: id("hst", 1),
        position: n,
        agent: "fence_ipmilan",
        options: { ip: "198.18.0.9", password: "(kept secret)" },
        timeoutMs: 10_000,
        testedAt: at,
        ok: true,
        words: "It says that the power is on.",
      },
    ],
    hooks: [
      { id: id("hok", n), program: "tell", args: [], cause: "hung", timeoutMs: 1000, role: "beside", enabled: true },
    ],
    maintenances: [
      {
        id: id("mnt", n),
        hostId: id("hst", 1),
        state: "draining",
        parallel: 2,
        startedAt: at,
        endedAt: null,
        words: "VMs are being moved off the host.",
        moves: [],
      },
    ],
    policy: defaultPolicy,
    tolerance: [],
    checkpointStoreFullSince: null,
    checkpointStatuses: [
      {
        vmId: id("vm", n),
        offer: { method: "background", words: "It stops for milliseconds.", lazy: true },
        lastAt: at,
        keptEveryMs: 7_000,
        trouble: null,
        standby: null,
        costMs: 30,
        tookMs: 600,
      },
    ],
    checkpointLimits: { leastMs: 1_000, mostMs: 86_400_000 },
    checkpointsToldEveryMs: 5_000,
  });

const only = <T>(list: readonly T[]): T => {
  const [first] = list;
  if (first === undefined) throw new Error("the list of things is empty");
  return first;
};

export const aCloud = (more: Partial<CloudView> = {}): CloudView => ({ ...base(1), ...more });
export const aVm = (n: number, more: Partial<VmView> = {}): VmView => ({ ...only(base(n).vms), ...more });
export const aHost = (n: number, more: Partial<HostView> = {}): HostView => ({ ...only(base(n).hosts), ...more });
export const aFenceDevice = (n: number, more: Partial<FenceDeviceView> = {}): FenceDeviceView => ({
  ...only(base(n).fenceDevices),
  ...more,
});
export const aHook = (n: number): HookView => only(base(n).hooks);
export const aMaintenance = (n: number, more: Partial<MaintenanceView> = {}): MaintenanceView => ({
  ...only(base(n).maintenances),
  ...more,
});
export const anApplication = (n: number) => only(base(n).applications);
export const aCheckpointStatus = (n: number, more: Partial<CheckpointStatusView> = {}): CheckpointStatusView => ({
  ...only(base(n).checkpointStatuses),
  ...more,
});
export const anIncident = (n: number, more: Partial<IncidentView> = {}): IncidentView => ({
  ...only(base(n).incidents),
  ...more,
});
export const anEvent = (seq: number, change: Change, words = ""): CloudEvent => ({ seq, at: at + seq, words, change });
