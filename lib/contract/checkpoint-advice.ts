import { z } from "zod";
import { vmId } from "./ids.ts";

/** GET /api/v1/vms/:id/checkpoint-advice and …/applications/:id/checkpoint-advice. Without `everyMs`, or 0: off. */
export const checkpointAdviceQuery = z.object({
  everyMs: z.coerce.number().int().min(0).max(604_800_000).optional(),
  /** The most work that may be lost, in ms of work. */
  tolerateMs: z.coerce.number().int().min(1).max(604_800_000).optional(),
});

/** What an interval means: see lib/decide/checkpoints/advice.ts. */
const checkpointOutlook = z.object({
  everyMs: z.number(),
  keptEveryMs: z.number(),
  averageLossMs: z.number(),
  mostLossMs: z.number(),
  overheadPercent: z.number(),
  changesBytes: z.number().nullable(),
});

/** Advice before a choice is saved. For an application it is of its VM that would bear most. */
export const checkpointAdvice = z.object({
  vmId,
  suggestedEveryMs: z.number(),
  suggested: checkpointOutlook,
  /** null: off. */
  chosen: checkpointOutlook.nullable(),
  /** One whole state at most, before it is compressed; null: none was saved yet. */
  wholeBytes: z.number().nullable(),
  /** Why nothing can be captured where it runs; null where it can be, or was not probed yet. */
  impossible: z.string().nullable(),
  words: z.array(z.string()),
});
export type CheckpointAdvice = z.infer<typeof checkpointAdvice>;
