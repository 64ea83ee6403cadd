import { z } from "zod";
import {
  type ApplicationId,
  causes,
  certainties,
  consentLadder,
  type HostId,
  hostStateNames,
  type Id,
  type IdKind,
  type ImageId,
  type IncidentId,
  type IntentId,
  incidentStateNames,
  layers,
  type OrganizationId,
  organizationRoles,
  parseId,
  protectionModeNames,
  type RepairId,
  repairStateNames,
  stepStates,
  techniqueNames,
  tpSources,
  type UserId,
  type VmId,
  vmStateNames,
  vmStateReasons,
  wantedStates,
} from "../model/index.ts";

// A string first, so that OpenAPI can say what it is; then the brand, which only the model gives.
const id = <K extends IdKind>(kind: K) =>
  z
    .string()
    .regex(new RegExp(`^${kind}_[0-9a-hjkmnp-tv-z]{20}$`), { error: `must be an id that begins with ${kind}_` })
    .pipe(z.custom<Id<K>>((value) => typeof value === "string" && parseId(kind, value) !== undefined));

export const hostId = id("hst") satisfies z.ZodType<HostId>;
export const vmId = id("vm") satisfies z.ZodType<VmId>;
export const imageId = id("img") satisfies z.ZodType<ImageId>;
export const applicationId = id("app") satisfies z.ZodType<ApplicationId>;
export const incidentId = id("inc") satisfies z.ZodType<IncidentId>;
export const intentId = id("int") satisfies z.ZodType<IntentId>;
export const repairId = id("rep") satisfies z.ZodType<RepairId>;
export const organizationId = id("org") satisfies z.ZodType<OrganizationId>;
/** better-auth makes these, in its own form. */
export const userId = z
  .string()
  .min(1)
  .pipe(z.custom<UserId>((value) => typeof value === "string"));

/** Milliseconds since 1970. */
export const epochMs = z.number();

export const viewerView = z.object({
  userId: userId.nullable(),
  name: z.string(),
  organizationId,
  role: z.enum(organizationRoles),
});

export const organizationView = z.object({ id: organizationId, name: z.string(), role: z.enum(organizationRoles) });

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
});

export const applicationView = z.object({
  id: applicationId,
  organizationId,
  name: z.string(),
  mode: z.enum(protectionModeNames),
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
});

export const evidenceView = z.object({
  at: epochMs,
  source: z.enum(["event", "scan", "connection", "probe", "operator"]),
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
  vmId,
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
  cause: z.enum(Object.keys(causes) as [keyof typeof causes, ...(keyof typeof causes)[]]),
  certainty: z.enum(certainties),
  state: z.enum(incidentStateNames),
  hostId: hostId.nullable(),
  vmId,
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
export type CloudView = z.infer<typeof cloudView>;
