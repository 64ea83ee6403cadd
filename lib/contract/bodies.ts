import { z } from "zod";
import {
  consentLadder,
  ipv4Number,
  leastCheckpointEveryMs,
  mostCheckpointEveryMs,
  protectionModeNames,
  wantedStates,
} from "../model/index.ts";
import { agreementBody } from "./collaboration/bodies.ts";
import { trafficSample } from "./frames.ts";
import { applicationId, imageId, organizationId } from "./ids.ts";
import { answerCheck, causeNames, hostView } from "./views.ts";

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

const plainName = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[\w .:+-]+$/u, { error: "must be made of letters, digits, spaces and . : + - _" });

/** A directory, spelled in one way only. */
const directory = z
  .string()
  .max(1000)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\0\r\n]+)+$/, {
    error: "must be an absolute path without a slash at its end, . or ..",
  });

/** PATCH /api/v1/hosts/:id. What is left out stays as it is. */
export const changeHostBody = z.object({
  rack: plainName.nullable().optional(),
  /** Directories that every host which names them sees with the same files. */
  sharedPaths: z.array(directory).max(50).optional(),
  faultInjection: z.boolean().optional(),
});

/**
 * POST /api/v1/hosts/:id/fence-devices and PUT /api/v1/fence-devices/:id. With PUT the value "(kept secret)" keeps the value that is stored.
 */
export const fenceDeviceBody = z.object({
  position: z.int().min(1).max(16),
  agent: z
    .string()
    .max(1000)
    .regex(/^(?:\/[^\0\r\n]*\/)?fence[_-][A-Za-z0-9_.-]{1,60}$/, {
      error: "must be the name of a fence agent, as fence_ipmilan, or its path",
    }),
  options: z
    .record(
      z.string().regex(/^[a-z0-9][a-z0-9_-]{0,60}$/, { error: "must be options' names of small letters" }),
      z
        .string()
        .max(4000)
        .regex(/^[^\0\r\n]*$/, { error: "must be one line" }),
    )
    .refine((options) => Object.keys(options).length <= 40, { error: "must be at most 40" })
    .refine((options) => !("action" in options), { error: "must not name an action: Belay says what is to be done" }),
  timeoutMs: z.int().min(1000).max(120_000).default(20_000),
});

/** POST and PUT of hooks. The program is a file in the server's own directory of hooks: no request can name another place. */
export const hookBody = z.object({
  program: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, {
    error: "must be the name of a file in the server's directory of hooks, without a path",
  }),
  args: z
    .array(
      z
        .string()
        .max(1000)
        .regex(/^[^\0]*$/, { error: "must not hold a NUL" }),
    )
    .max(40)
    .default([]),
  cause: z.enum(causeNames),
  timeoutMs: z.int().min(1000).max(600_000).default(30_000),
  role: z.enum(["instead", "beside"]),
  enabled: z.boolean().default(true),
});

/** The bridge that every host has for VMs that Belay makes, and the first and last address on it that are Belay's to give. */
const guestNetworkBody = z
  .object({
    bridge: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, { error: "must be a bridge's name" }),
    from: z.ipv4(),
    to: z.ipv4(),
    prefixLength: z.int().min(8).max(30),
    gateway: z.ipv4(),
  })
  .refine(({ from, to }) => ipv4Number(from) <= ipv4Number(to), { error: "must not be before `from`", path: ["to"] })
  .refine(
    ({ from, to, gateway, prefixLength }) =>
      new Set([from, to, gateway].map((it) => Math.floor(ipv4Number(it) / 2 ** (32 - prefixLength)))).size === 1,
    { error: "`from`, `to` and the gateway must lie in one network of this length", path: ["prefixLength"] },
  );

/** PATCH /api/v1/policy. What is left out stays as it is. */
export const changePolicyBody = z
  .object({
    cpuOvercommit: z.number().min(0.5).max(100),
    memoryOvercommit: z.number().min(0.5).max(10),
    reserveMiB: z.int().min(0).max(1_048_576),
    stormPercent: z.number().min(1).max(100),
    stormWindowMs: z.int().min(1000).max(3_600_000),
    tolerateHosts: z.int().min(0).max(100),
    parallelStarts: z.int().min(1).max(64),
    leaseMs: z.int().min(3000).max(120_000),
    leaseMarginMs: z.int().min(500).max(60_000),
    fenceTestEveryMs: z.int().min(10_000).max(86_400_000),
    checkpointLeastMs: z.int().min(1000).max(86_400_000),
    checkpointMostMs: z.int().min(1000).max(86_400_000),
    capturesPerHost: z.int().min(1).max(16),
    checkpointsKept: z.int().min(2).max(1000),
    modesOffered: z
      .array(z.enum(protectionModeNames))
      .min(1)
      .refine((modes) => new Set(modes).size === modes.length, { error: "must name each mode once" })
      .readonly(),
    answerMostMs: z.int().min(1000).max(86_400_000),
    finishMostMs: z.int().min(1000).max(86_400_000),
    customerMostVms: z.int().min(0).max(10_000),
    customerMostMiB: z.int().min(0).max(1_073_741_824),
    endpointNetworks: z.array(z.cidrv4().or(z.cidrv6())).max(100).readonly(),
    network: guestNetworkBody.nullable(),
  })
  .partial();

/** POST /api/v1/hosts/:id/helper. Without a watchdog named it is /dev/watchdog, where there is one. */
export const installHelperBody = z.object({
  watchdog: z
    .string()
    .regex(/^(?:none|\/dev\/[A-Za-z0-9_-]+)$/, { error: 'must be "none" or a device as /dev/watchdog' })
    .optional(),
  watchdogMs: z.int().min(1000).max(600_000).optional(),
});

/** POST /api/v1/incidents/:id/off. */
export const sayOffBody = z.object({
  confirm: z.literal(true, {
    error:
      "must be true. It means: this host is off, and I keep it off. Its VMs are then started elsewhere, and if it is in fact running, " +
      "two copies of each destroy its data",
  }),
});

/** POST /api/v1/hosts/:id/maintenance. */
export const beginMaintenanceBody = z.object({ parallel: z.int().min(1).max(16).default(1) });

const intervalRange = `from ${leastCheckpointEveryMs} to ${mostCheckpointEveryMs} milliseconds`;
const interval = z
  .int({ error: `must be a whole number ${intervalRange}` })
  .min(leastCheckpointEveryMs, { error: `must be ${intervalRange}` })
  .max(mostCheckpointEveryMs, { error: `must be ${intervalRange}` });

export const createOrganizationBody = z.object({ name: z.string().trim().min(1).max(80) });
export const createApplicationBody = z.object({ organizationId, name: z.string().trim().min(1).max(80) });

/** PATCH /api/v1/vms/:id. What is left out stays as it is. */
export const changeVmBody = z.object({
  applicationId: applicationId.nullable().optional(),
  organizationId: organizationId.nullable().optional(),
  /** What it is made anew from. For providers: a wrong one loses what is in the VM. */
  imageId: imageId.nullable().optional(),
  answerCheck: answerCheck.optional(),
  consent: z.enum(consentLadder).optional(),
  wanted: z.enum(wantedStates).optional(),
  /** For providers. */
  priority: z.int().min(0).max(9).optional(),
  /** Groups of their owner: VMs of one are kept on different hosts, or on one. */
  apart: plainName.nullable().optional(),
  together: plainName.nullable().optional(),
  rollbackIntolerant: z.boolean().optional(),
  /** null: as its application says. 0: never. */
  checkpointEveryMs: z
    .literal(0, { error: `must be 0 (never), null (as its application says), or ${intervalRange}` })
    .or(interval)
    .nullable()
    .optional(),
  standby: z.boolean().optional(),
  /** VMs of one group are saved at one instant. No repair restores them yet. */
  checkpointGroup: plainName.nullable().optional(),
});

export const changeApplicationBody = z.object({
  mode: z.enum(protectionModeNames).optional(),
  /** For its VMs that do not say otherwise; null: never. */
  checkpointEveryMs: interval.nullable().optional(),
  /** How provider and customer repair together. What is left out of it stays, too. */
  agreement: agreementBody.optional(),
});

/** POST /api/v1/checkpoints/:id/restore: the VM goes back to that state, and loses what it did since. */
export const restoreCheckpointBody = z.object({
  confirm: z.literal(true, {
    error: "must be true. It means: the VM goes back to this state, and what it did since then is lost",
  }),
});

/** POST /api/v1/checkpoints/:id/restore-beside: another VM begins from that state, cut off from the network. */
export const restoreBesideBody = z.object({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{0,62}$/, { error: "must be made of small letters, digits, dots and dashes" }),
});

/** POST /api/v1/checkpoints/:id/keep. */
export const keepCheckpointBody = z.object({ kept: z.boolean() });

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
