import { z } from "zod";
import { sensorKinds, sensorStates } from "../../model/index.ts";
import { applicationId, epochMs, messageId, vmId } from "../ids.ts";
import { customerEvent, protocolVersion, providerEvent } from "./envelope.ts";

/**
 * Between a customer's manager and the provider, over the WebSocket `/manager` that the manager opens with `Authorization: Bearer KEY`. JSON
 * texts. The manager's first frame is `hello`; the server answers `welcome`, then sends every message that nobody has said to have.
 */

export const sensorReading = z.object({
  name: z.string().min(1).max(120),
  kind: z.enum(sensorKinds),
  server: z.string().max(120).nullable(),
  vmId: vmId.nullable(),
  fromVmId: vmId.nullable(),
  state: z.enum(sensorStates),
  since: epochMs,
  words: z.string().max(500),
});

/** What all sensors of an application say now: as a frame, or POSTed to /api/v1/collaboration/sensors by who has an endpoint instead. */
export const sensorsBody = z.object({
  applicationId,
  sensors: z.array(sensorReading).max(500),
});

/** Who speaks. The instance is the same over reconnects of one run of the manager, and in its next run on the same journal. */
const speaker = {
  instance: z.string().min(8).max(80),
  name: z.string().min(1).max(80),
  version: z.string().max(40),
};
const standing = z.enum(["active", "standby"]);

/** POST /api/v1/collaboration/standing: a manager behind an endpoint asks for the right to act, every few seconds. */
export const standingBody = z.object(speaker);
/** `active` for `leaseMs` from the moment when it asked; its epoch is 0 while it stands by. */
export const standingReply = z.object({ standing, epoch: z.int(), leaseMs: z.int() });

export const managerFrame = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("hello"),
    protocol: z.literal(protocolVersion),
    ...speaker,
  }),
  z.object({ type: z.literal("received"), id: messageId }),
  z.object({ type: z.literal("message"), message: customerEvent }),
  z.object({ type: z.literal("sensors"), ...sensorsBody.shape }),
]);
export type ManagerFrame = z.infer<typeof managerFrame>;

export const refusedWords = z.object({
  code: z.string(),
  message: z.string(),
  field: z.string().optional(),
  cure: z.string().optional(),
});

export const providerFrame = z.discriminatedUnion("type", [
  /** `standby`: another manager of the organization is active; this one hears nothing until it is told otherwise. */
  z.object({
    type: z.literal("welcome"),
    protocol: z.literal(protocolVersion),
    ...standingReply.shape,
  }),
  z.object({ type: z.literal("standing"), standing, epoch: z.int() }),
  z.object({ type: z.literal("message"), message: providerEvent }),
  z.object({ type: z.literal("taken"), id: messageId }),
  z.object({ type: z.literal("refused"), id: messageId.nullable(), error: refusedWords }),
  /** Every second, also when nothing happens. Each promises the active one its right for `leaseMs`; silence for longer is a dead socket. */
  z.object({ type: z.literal("beat"), at: epochMs }),
]);
export type ProviderFrame = z.infer<typeof providerFrame>;

/** How long a manager may act after the last beat. */
export const managerLeaseMs = 6_000;
/** How long a manager behind an endpoint may act after it asked. */
export const endpointLeaseMs = 10_000;

/** Why the server closed a manager's socket. After each but the first two it connects again. */
export const managerCloseCodes = {
  /** The key is unknown or revoked, or may not collaborate. */
  keyRefused: 4001,
  /** No frame of ours, no `hello`, or another version of the protocol. */
  badFrame: 4002,
  tooSlow: 4008,
  goingAway: 1001,
  tryLater: 1013,
} as const;
