import { z } from "zod";
import { incidentId, messageId } from "../ids.ts";
import { customerMessage, providerMessage } from "./messages.ts";

/**
 * A message on its way: CloudEvents 1.0 in its structured JSON form. `type` is `belay.KIND.v1`, `subject` the incident (missing in the
 * organization's own thread), `sequence` (CloudEvents' extension) counts from 1 per thread and sender, `epoch` is the manager's right to
 * speak, as its `welcome` gave it.
 */
export const protocolVersion = 1;

const attributes = {
  specversion: z.literal("1.0"),
  id: messageId,
  source: z.string().min(1).max(200),
  type: z.string().regex(/^belay\.[a-z.]+\.v1$/, { error: "must be belay.KIND.v1" }),
  subject: incidentId.optional(),
  /** RFC 3339. */
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal("application/json"),
};

const typeIsKind = (event: { readonly type: string; readonly data: { readonly kind: string } }) =>
  event.type === `belay.${event.data.kind}.v1`;
const wrongType = { error: "must name the kind of its data", path: ["type"] };

export const providerEvent = z
  .object({ ...attributes, sequence: z.string().regex(/^\d+$/), data: providerMessage })
  .refine(typeIsKind, wrongType);
/** A customer's own id makes it safe to send again: the same id is the same message. */
export const customerEvent = z
  .object({ ...attributes, epoch: z.int().min(1).optional(), data: customerMessage })
  .refine(typeIsKind, wrongType);

/** Sent once to an endpoint when it is tested: it is confirmed as every message, and nothing is to be done for it. */
export const endpointTest = z
  .object({ ...attributes, data: z.object({ kind: z.literal("endpoint.test"), words: z.string().max(2000) }) })
  .refine(typeIsKind, wrongType);

export type EndpointTest = z.infer<typeof endpointTest>;
export type ProviderEvent = z.infer<typeof providerEvent>;
export type CustomerEvent = z.infer<typeof customerEvent>;
export const eventType = (kind: string): string => `belay.${kind}.v1`;
