import { z } from "zod";
import { consentLadder, protectionModeNames, wantedStates } from "../model/index.ts";
import { trafficSample } from "./frames.ts";
import { answerCheck, applicationId, hostView, organizationId } from "./views.ts";

/** Where a person's hypervisor is. `qemu+ssh://[USER@]ADDRESS[:PORT]/system` */
export const hostUri = z.union(
  [
    z.string().regex(/^qemu\+ssh:\/\/([a-z_][a-z0-9_-]*@)?(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?\/system$/),
    z.string().regex(/^simulated:\/\/[a-z0-9-]+$/),
  ],
  { error: "must look like qemu+ssh://root@ADDRESS/system" },
);

/** POST /api/v1/hosts/examine: what Belay would enrol. Nothing is kept. */
export const examineHostBody = z.object({ uri: hostUri, approvedHostKeySha256: z.string().optional() });

/** One thing that Belay needs of a host. */
export const hostCheck = z.object({
  name: z.enum(["host-key", "ssh-login", "libvirtd", "rights", "versions", "storage", "events"]),
  ok: z.boolean(),
  found: z.string(),
  /** What to do, where it is not ok. */
  cure: z.string().nullable(),
});
export type HostCheck = z.infer<typeof hostCheck>;

/**
 * `hostKeySha256` is what the host showed. Without `approvedHostKeySha256` equal to it nobody logs in, and `checks` holds only `host-key`.
 */
export const hostExamination = z.object({
  uri: z.string(),
  hostKeySha256: z.string(),
  hostKeyAlgorithm: z.string(),
  ready: z.boolean(),
  checks: z.array(hostCheck),
  /** Belay's own public key in the form of authorized_keys, for the cure of a refused login. */
  belayPublicKey: z.string(),
});
export type HostExamination = z.infer<typeof hostExamination>;

/** POST /api/v1/hosts. The fingerprint is the approval: it must be the one that the host shows. */
export const enrolHostBody = z.object({
  uri: hostUri,
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, { error: "must be a host name of small letters, digits, dots and dashes" })
    .optional(),
  approvedHostKeySha256: z.string().min(1),
  /** Whether fault-injection buttons may touch the VMs of this host. */
  faultInjection: z.boolean().default(false),
});
export const enrolHostReply = z.object({ host: hostView, examination: hostExamination });

export const createOrganizationBody = z.object({ name: z.string().trim().min(1).max(80) });
export const createApplicationBody = z.object({ organizationId, name: z.string().trim().min(1).max(80) });

/** PATCH /api/v1/vms/:id. What is left out stays as it is. */
export const changeVmBody = z.object({
  applicationId: applicationId.nullable().optional(),
  organizationId: organizationId.nullable().optional(),
  answerCheck: answerCheck.optional(),
  consent: z.enum(consentLadder).optional(),
  wanted: z.enum(wantedStates).optional(),
});

export const changeApplicationBody = z.object({ mode: z.enum(protectionModeNames).optional() });

/** POST /api/v1/vms/:id/kill. `runId` is the run that the person saw: a later one is not killed. */
export const killVmBody = z.object({ runId: z.int() });

/** POST /api/v1/traffic, by the traffic source, once a second. */
export const trafficBody = z.object({ samples: z.array(trafficSample).max(1000) });

/** The body of every refusal. */
export const errorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    cure: z.string().optional(),
    /** With `host-not-ready`: everything that was looked at, so that each lack shows its own cure. */
    checks: z.array(hostCheck).optional(),
  }),
});
export type ErrorBody = z.infer<typeof errorBody>;
