import { z } from "zod";
import {
  allocationStates,
  customerTechniques,
  fallbacks,
  keyScopes,
  sensorKinds,
  sensorStates,
} from "../../model/index.ts";
import {
  allocationId,
  applicationId,
  epochMs,
  imageId,
  incidentId,
  keyId,
  messageId,
  organizationId,
  repairId,
  vmId,
} from "../ids.ts";
import { customerMessage, providerMessage } from "./messages.ts";

/** What people and programs see of repairing together, over HTTP. */

const names = <K extends string>(table: Record<K, unknown>) => Object.keys(table) as [K, ...K[]];
export const fallbackNames = names(fallbacks);
export const keyScopeNames = names(keyScopes);
export const customerTechniqueNames = names(customerTechniques);

export const agreementView = z.object({
  answerWithinMs: z.int(),
  finishWithinMs: z.int(),
  fallback: z.enum(fallbackNames),
});

export const keyView = z.object({
  id: keyId,
  organizationId,
  name: z.string(),
  scopes: z.array(z.enum(keyScopeNames)).readonly(),
  createdAt: epochMs,
  lastUsedAt: epochMs.nullable(),
  revokedAt: epochMs.nullable(),
});
/** The secret is told this once. */
export const newKeyReply = z.object({ key: keyView, secret: z.string() });

export const endpointView = z.object({
  organizationId,
  url: z.string(),
  ok: z.boolean(),
  words: z.string().nullable(),
  triedAt: epochMs.nullable(),
});
/** `secret` signs the deliveries (Standard Webhooks, `whsec_…`). Told this once. */
/** `secret` is null where it is the one that was told before. */
export const newEndpointReply = z.object({ endpoint: endpointView, secret: z.string().nullable() });

/** Paths on hosts are null for customers. */
export const imageView = z.object({
  id: imageId,
  name: z.string(),
  words: z.string(),
  sha256: z.string(),
  sizeBytes: z.number(),
  format: z.enum(["qcow2", "raw"]),
  path: z.string().nullable(),
});

export const sensorView = z.object({
  name: z.string(),
  kind: z.enum(sensorKinds),
  server: z.string().nullable(),
  vmId: vmId.nullable(),
  fromVmId: vmId.nullable(),
  state: z.enum(sensorStates),
  since: epochMs,
  words: z.string(),
});
export const sensorReportView = z.object({
  organizationId,
  applicationId,
  reportedAt: epochMs,
  sensors: z.array(sensorView).readonly(),
});

export const managerView = z.object({
  organizationId,
  instance: z.string(),
  name: z.string(),
  version: z.string(),
  epoch: z.int(),
  connected: z.boolean(),
  /** It has no standing connection. */
  byEndpoint: z.boolean().optional(),
  since: epochMs,
  heardAt: epochMs,
});

export const allocationView = z.object({
  id: allocationId,
  organizationId,
  applicationId,
  imageId,
  name: z.string(),
  memoryMiB: z.int(),
  vcpus: z.int(),
  apart: z.string().nullable(),
  state: z.enum(names(allocationStates)),
  address: z.string(),
  vmId: vmId.nullable(),
  askedAt: epochMs,
  endedAt: epochMs.nullable(),
  words: z.string(),
});

const messageHead = {
  id: messageId,
  organizationId,
  incidentId: incidentId.nullable(),
  repairId: repairId.nullable(),
  sequence: z.int(),
  at: epochMs,
};
export const conversationMessageView = z.discriminatedUnion("from", [
  z.object({
    ...messageHead,
    from: z.literal("provider"),
    message: providerMessage,
    /** null: nobody has said to have it. */
    receivedAt: epochMs.nullable(),
  }),
  z.object({ ...messageHead, from: z.literal("customer"), message: customerMessage, by: z.string() }),
]);

export type AgreementView = z.infer<typeof agreementView>;
export type KeyView = z.infer<typeof keyView>;
export type EndpointView = z.infer<typeof endpointView>;
export type ImageView = z.infer<typeof imageView>;
export type SensorView = z.infer<typeof sensorView>;
export type SensorReportView = z.infer<typeof sensorReportView>;
export type ManagerView = z.infer<typeof managerView>;
export type AllocationView = z.infer<typeof allocationView>;
export type ConversationMessageView = z.infer<typeof conversationMessageView>;
