import { z } from "zod";
import type { CheckpointWish } from "../../engine/ports.ts";
import {
  type Checkpoint,
  type CheckpointStatus,
  captureMethodNames,
  checkpointStateNames,
  type OrganizationId,
} from "../../model/index.ts";
import { type Checkpoint as CheckpointRow, Prisma, type CheckpointStatus as StatusRow } from "../generated/client.ts";
import { toJson } from "../json.ts";
import { epochMs, epochMsOrNull, idOf, instant, instantOrNull, oneOf } from "./narrow.ts";

export const toCheckpoint = (row: CheckpointRow): Checkpoint => ({
  id: idOf("ckp", row.id),
  vmId: idOf("vm", row.vmId),
  at: epochMs(row.at),
  method: oneOf(captureMethodNames, row.method, "checkpoint.method"),
  state: oneOf(checkpointStateNames, row.state, "checkpoint.state"),
  generation: row.generation,
  runId: row.runId,
  pauseMs: row.pauseMs,
  tookMs: row.tookMs,
  wholeBytes: Number(row.wholeBytes),
  changedBytes: Number(row.changedBytes),
  storedBytes: Number(row.storedBytes),
  verifiedAt: epochMsOrNull(row.verifiedAt),
  kept: row.kept,
  words: row.words,
});

/** Those whose bytes are in this store, or of which that is not known. */
export const lyingIn = (storeId: string) => ({ OR: [{ storeId }, { storeId: null }] });

export const checkpointRow = (checkpoint: Checkpoint, organizationId: string | null) => ({
  ...checkpoint,
  organizationId,
  at: instant(checkpoint.at),
  wholeBytes: BigInt(checkpoint.wholeBytes),
  changedBytes: BigInt(checkpoint.changedBytes),
  storedBytes: BigInt(checkpoint.storedBytes),
  verifiedAt: instantOrNull(checkpoint.verifiedAt),
});

const offer = z.object({ method: z.enum(captureMethodNames).nullable(), words: z.string(), lazy: z.boolean() });
const standby = z.object({ ready: z.boolean(), words: z.string() });

export const toCheckpointStatus = (row: StatusRow): CheckpointStatus => ({
  vmId: idOf("vm", row.vmId),
  offer: offer.nullable().parse(row.offer),
  lastAt: epochMsOrNull(row.lastAt),
  keptEveryMs: row.keptEveryMs,
  trouble: row.trouble,
  standby: standby.nullable().parse(row.standby),
  costMs: row.costMs,
  tookMs: row.tookMs,
});

export const statusRow = ({ vmId: _, offer, lastAt, standby, ...rest }: CheckpointStatus) => ({
  ...rest,
  lastAt: instantOrNull(lastAt),
  offer: offer === null ? Prisma.DbNull : toJson(offer),
  standby: standby === null ? Prisma.DbNull : toJson(standby),
});

const checkpoint = z.string().transform((text) => idOf("ckp", text));
const wish = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("capture") }),
  z.object({ kind: z.literal("restore"), checkpoint }),
  z.object({ kind: z.literal("restore-beside"), checkpoint, name: z.string() }),
]) satisfies z.ZodType<CheckpointWish>;

export const toWish = (json: unknown): CheckpointWish => wish.parse(json);

const asked = z.object({
  owner: z
    .string()
    .transform((text) => idOf("org", text))
    .nullish(),
});
/** Written beside the wish. */
export const wishOwner = (json: unknown): OrganizationId | null | undefined => asked.parse(json).owner;
