import { z } from "zod";
import { captureMethodNames, checkpointStateNames } from "../model/index.ts";
import { checkpointId, epochMs, vmId } from "./ids.ts";

export const captureOfferView = z.object({
  method: z.enum(captureMethodNames).nullable(),
  words: z.string(),
  lazy: z.boolean(),
});

export const checkpointLimitsView = z.object({ leastMs: z.int(), mostMs: z.int() });

/** How the protection by checkpoints really stands. */
export const checkpointStatusView = z.object({
  vmId,
  offer: captureOfferView.nullable(),
  lastAt: epochMs.nullable(),
  keptEveryMs: z.number().nullable(),
  trouble: z.string().nullable(),
  standby: z.object({ ready: z.boolean(), words: z.string() }).nullable(),
  costMs: z.number().nullable(),
  tookMs: z.number().nullable(),
});

export const checkpointView = z.object({
  id: checkpointId,
  vmId,
  at: epochMs,
  method: z.enum(captureMethodNames),
  state: z.enum(checkpointStateNames),
  generation: z.int(),
  runId: z.int(),
  pauseMs: z.number(),
  tookMs: z.number(),
  wholeBytes: z.number(),
  changedBytes: z.number(),
  storedBytes: z.number(),
  verifiedAt: epochMs.nullable(),
  kept: z.boolean(),
  words: z.string(),
});

export type CheckpointStatusView = z.infer<typeof checkpointStatusView>;
export type CheckpointLimitsView = z.infer<typeof checkpointLimitsView>;
export type CheckpointView = z.infer<typeof checkpointView>;
