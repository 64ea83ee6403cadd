import { z } from "zod";
import { protectionModeNames } from "../../model/index.ts";
import {
  allocationView,
  conversationMessageView,
  endpointView,
  imageView,
  keyView,
  managerView,
  sensorReportView,
} from "./views.ts";

/** What the routes of repairing together answer where it is not a view by itself. */

/** Newest first, the revoked ones too. */
export const keyList = z.object({ keys: z.array(keyView) });
export const imageList = z.object({ images: z.array(imageView) });
/** Newest first. */
export const allocationList = z.object({ allocations: z.array(allocationView) });
/** Oldest first. */
export const conversationList = z.object({ messages: z.array(conversationMessageView) });

/** null: none is set. */
export const endpointReply = z.object({ endpoint: endpointView.nullable() });
export const endpointTested = z.object({ ok: z.boolean(), words: z.string() });

/** The organization's manager that acts, or did last (null: there never was one), and what its sensors said last. */
export const managerReply = z.object({ manager: managerView.nullable(), sensors: z.array(sensorReportView) });
export type ManagerReply = z.infer<typeof managerReply>;

/** What the provider offers now: what customers choose lies within it. */
export const offerView = z.object({
  modes: z.array(z.enum(protectionModeNames)).readonly(),
  answerMostMs: z.int(),
  finishMostMs: z.int(),
  mostVms: z.int(),
  mostMiB: z.int(),
  /** Whether the provider makes VMs at all. */
  allocates: z.boolean(),
});
export type OfferView = z.infer<typeof offerView>;
