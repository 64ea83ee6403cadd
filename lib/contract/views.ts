import { z } from "zod";
import {
  causes,
  certainties,
  consentLadder,
  evidenceSources,
  hostHealthNames,
  hostStandingNames,
  hostStateNames,
  incidentStateNames,
  layers,
  maintenanceStateNames,
  moveStates,
  organizationRoles,
  protectionModeNames,
  repairStateNames,
  stepStates,
  techniqueNames,
  tpSources,
  vmStateNames,
  vmStateReasons,
  wantedStates,
  watchdogKinds,
} from "../model/index.ts";
import { checkpointLimitsView, checkpointStatusView } from "./checkpoint-views.ts";
import { agreementView, allocationView, imageView, managerView, sensorReportView } from "./collaboration/views.ts";
import {
  applicationId,
  epochMs,
  fenceDeviceId,
  hookId,
  hostId,
  imageId,
  incidentId,
  maintenanceId,
  organizationId,
  repairId,
  userId,
  vmId,
} from "./ids.ts";

export const viewerView = z.object({
  userId: userId.nullable(),
  name: z.string(),
  organizationId,
  role: z.enum(organizationRoles),
});

export const organizationView = z.object({ id: organizationId, name: z.string(), role: z.enum(organizationRoles) });

export const helperView = z.object({
  version: z.string(),
  connected: z.boolean(),
  leaseMs: z.number(),
  watchdog: z.enum(watchdogKinds),
  watchdogMs: z.number().nullable(),
  reportedAt: epochMs,
});

/** Only providers get hosts. */
export const hostView = z.object({
  id: hostId,
  name: z.string(),
  uri: z.string(),
  hostKeySha256: z.string(),
  state: z.enum(hostStateNames),
  stateSince: epochMs,
  stateWords: z.string().nullable(),
  cpus: z.number().nullable(),
  memoryMiB: z.number().nullable(),
  libvirtVersion: z.string().nullable(),
  qemuVersion: z.string().nullable(),
  faultInjection: z.boolean(),
  enrolledAt: epochMs,
  health: z.enum(hostHealthNames),
  standing: z.enum(hostStandingNames),
  standingWords: z.string().nullable(),
  rack: z.string().nullable(),
  sharedPaths: z.array(z.string()).readonly(),
  helper: helperView.nullable(),
  /** Whether Belay could prove this host off if it died now. */
  protection: z.object({ ok: z.boolean(), words: z.string() }),
});

export const applicationView = z.object({
  id: applicationId,
  organizationId,
  name: z.string(),
  mode: z.enum(protectionModeNames),
  /** For its VMs that do not say otherwise; null: never. */
  checkpointEveryMs: z.int().nullable(),
  /** What holds is this within the provider's limits now. */
  agreement: agreementView,
});

export const answerCheck = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("agent") }),
  z.object({ kind: z.literal("icmp"), address: z.ipv4().or(z.ipv6()) }),
  z.object({ kind: z.literal("tcp"), address: z.ipv4().or(z.ipv6()), port: z.int().min(1).max(65535) }),
]);

/** `hostId` is null for customers: where a VM runs is the provider's. */
export const vmView = z.object({
  id: vmId,
  hostId: hostId.nullable(),
  organizationId: organizationId.nullable(),
  applicationId: applicationId.nullable(),
  imageId: imageId.nullable(),
  name: z.string(),
  uuid: z.string(),
  memoryMiB: z.number(),
  vcpus: z.number(),
  wanted: z.enum(wantedStates),
  state: z.enum(vmStateNames),
  reason: z.enum(vmStateReasons),
  stateSince: epochMs,
  runId: z.number().nullable(),
  persistent: z.boolean(),
  answerCheck,
  consent: z.enum(consentLadder),
  generation: z.number(),
  /** null for customers, as `hostId`. */
  movingTo: hostId.nullable(),
  priority: z.int().min(0).max(9),
  apart: z.string().nullable(),
  together: z.string().nullable(),
  rollbackIntolerant: z.boolean(),
  /** Empty for customers: paths on the host. */
  diskPaths: z.array(z.string()).readonly(),
  /** null: as its application says. 0: never. */
  checkpointEveryMs: z.int().nullable(),
  standby: z.boolean(),
  checkpointGroup: z.string().nullable(),
  /** That Belay gave it when it made it; null for a VM that was adopted. */
  address: z.string().nullable(),
  /**
   * What would keep it from coming back if its host died; null: nothing. Only the whole cloud tells: where it is left out (events, answers
   * about one VM), what was said last still holds.
   */
  hostLoss: z.string().nullable().optional(),
  /** Why nothing is repaired where it runs now, as during maintenance; null where it is. Left out as `hostLoss`. */
  onHold: z.string().nullable().optional(),
});

export const causeNames = Object.keys(causes) as [keyof typeof causes, ...(keyof typeof causes)[]];

export const evidenceView = z.object({
  at: epochMs,
  source: z.enum(evidenceSources),
  words: z.string(),
  audience: z.enum(["all", "provider"]),
});

export const repairStepView = z.object({
  name: z.string(),
  state: z.enum(stepStates),
  startedAt: epochMs,
  finishedAt: epochMs.nullable(),
  attempts: z.number(),
  words: z.string().nullable(),
  /** null for customers. */
  detail: z.string().nullable(),
});

export const repairView = z.object({
  id: repairId,
  incidentId,
  vmId: vmId.nullable(),
  technique: z.enum(techniqueNames),
  state: z.enum(repairStateNames),
  plannedAt: epochMs,
  finishedAt: epochMs.nullable(),
  words: z.string(),
  steps: z.array(repairStepView),
});

export const incidentView = z.object({
  id: incidentId,
  layer: z.enum(layers),
  cause: z.enum(causeNames),
  certainty: z.enum(certainties),
  state: z.enum(incidentStateNames),
  hostId: hostId.nullable(),
  /** null for an incident of the host itself, which only providers see. */
  vmId: vmId.nullable(),
  /** null for customers. */
  partOf: incidentId.nullable(),
  awaits: z.enum(["approval"]).nullable(),
  organizationId: organizationId.nullable(),
  applicationId: applicationId.nullable(),
  tp: epochMs,
  tpSource: z.enum(tpSources),
  td: epochMs,
  tr: epochMs.nullable(),
  endedAt: epochMs.nullable(),
  words: z.string(),
  evidence: z.array(evidenceView),
  repairs: z.array(repairView),
});

/** For providers, as everything below up to the cloud itself. Option values that may be secret come as "(kept secret)". */
export const fenceDeviceView = z.object({
  id: fenceDeviceId,
  hostId,
  position: z.int(),
  agent: z.string(),
  options: z.record(z.string(), z.string()),
  timeoutMs: z.int(),
  testedAt: epochMs.nullable(),
  ok: z.boolean(),
  words: z.string(),
});

export const hookView = z.object({
  id: hookId,
  /** Name of a file in the server's directory of hooks. */
  program: z.string(),
  args: z.array(z.string()).readonly(),
  cause: z.enum(causeNames),
  timeoutMs: z.int(),
  role: z.enum(["instead", "beside"]),
  enabled: z.boolean(),
});

export const moveView = z.object({
  vmId,
  name: z.string(),
  toHostId: hostId.nullable(),
  state: z.enum(moveStates),
  phase: z.string().nullable(),
  percent: z.number(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  words: z.string().nullable(),
});

export const maintenanceView = z.object({
  id: maintenanceId,
  hostId,
  state: z.enum(maintenanceStateNames),
  parallel: z.int(),
  startedAt: epochMs,
  endedAt: epochMs.nullable(),
  words: z.string(),
  moves: z.array(moveView).readonly(),
});

export const guestNetworkView = z.object({
  bridge: z.string(),
  from: z.string(),
  to: z.string(),
  prefixLength: z.int(),
  gateway: z.string(),
});

export const policyView = z.object({
  cpuOvercommit: z.number(),
  memoryOvercommit: z.number(),
  reserveMiB: z.int(),
  stormPercent: z.number(),
  stormWindowMs: z.int(),
  tolerateHosts: z.int(),
  parallelStarts: z.int(),
  leaseMs: z.int(),
  leaseMarginMs: z.int(),
  fenceTestEveryMs: z.int(),
  checkpointLeastMs: z.int(),
  checkpointMostMs: z.int(),
  capturesPerHost: z.int(),
  checkpointsKept: z.int(),
  modesOffered: z.array(z.enum(protectionModeNames)).readonly(),
  answerMostMs: z.int(),
  finishMostMs: z.int(),
  customerMostVms: z.int(),
  customerMostMiB: z.int(),
  endpointNetworks: z.array(z.string()).readonly(),
  network: guestNetworkView.nullable(),
});

/** What would not fit if the host died now. Hosts whose VMs would all fit are not in the list. */
export const toleranceView = z.object({
  hostId,
  misfits: z.array(z.object({ vmId, words: z.string() })).readonly(),
});

/** Everything that a viewer may see now, true as of event number `seq`. Ended incidents: the newest 50. */
export const cloudView = z.object({
  seq: z.number(),
  simulated: z.boolean(),
  viewer: viewerView,
  organizations: z.array(organizationView),
  hosts: z.array(hostView),
  applications: z.array(applicationView),
  vms: z.array(vmView),
  incidents: z.array(incidentView),
  fenceDevices: z.array(fenceDeviceView),
  hooks: z.array(hookView),
  maintenances: z.array(maintenanceView),
  /** null for customers. */
  policy: policyView.nullable(),
  tolerance: z.array(toleranceView).readonly(),
  /** Since when the store of checkpoints has no room for what is to be saved; null: it has, as far as is known. null for customers. */
  checkpointStoreFullSince: epochMs.nullable().default(null),
  /** Of the VMs that have one; a VM without never had to do with checkpoints. */
  checkpointStatuses: z.array(checkpointStatusView).readonly(),
  /** Between which intervals of checkpoints people choose. */
  checkpointLimits: checkpointLimitsView,
  /** Newer times of a status, and nothing else, are told this seldom: a last time that is older by that is not stale. */
  checkpointsToldEveryMs: z.int(),
  /** The modes of protection that customers choose between. */
  modesOffered: z.array(z.enum(protectionModeNames)).readonly().default(protectionModeNames),
  images: z.array(imageView).readonly().default([]),
  /** Of the organizations whose manager was ever heard. */
  managers: z.array(managerView).readonly().default([]),
  /** Of the applications whose sensors ever reported. A newer `reportedAt` alone is told every ten seconds. */
  sensorReports: z.array(sensorReportView).readonly().default([]),
  /** Those that have not ended. */
  allocations: z.array(allocationView).readonly().default([]),
});

export type ViewerView = z.infer<typeof viewerView>;
export type OrganizationView = z.infer<typeof organizationView>;
export type HostView = z.infer<typeof hostView>;
export type ApplicationView = z.infer<typeof applicationView>;
export type VmView = z.infer<typeof vmView>;
export type EvidenceView = z.infer<typeof evidenceView>;
export type RepairStepView = z.infer<typeof repairStepView>;
export type RepairView = z.infer<typeof repairView>;
export type IncidentView = z.infer<typeof incidentView>;
export type FenceDeviceView = z.infer<typeof fenceDeviceView>;
export type HookView = z.infer<typeof hookView>;
export type MoveView = z.infer<typeof moveView>;
export type MaintenanceView = z.infer<typeof maintenanceView>;
export type PolicyView = z.infer<typeof policyView>;
export type ToleranceView = z.infer<typeof toleranceView>;
export type CloudView = z.infer<typeof cloudView>;
