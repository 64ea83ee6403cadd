import path from "node:path";
import { z } from "zod";
import type { StoredCheckpoint } from "../words.ts";
import { endSchema, factsSchema, volumeSchema } from "./manifest-format.ts";

/** What clients and the store's process tell each other as JSON. */
const checkpoint = z.string().max(200);
export const askSchema = z.discriminatedUnion("op", [
  z.object({ op: z.literal("put") }),
  z.object({ op: z.literal("list"), vm: z.string().max(200) }),
  z.object({ op: z.literal("get"), checkpoint }),
  z.object({ op: z.literal("bears"), checkpoint, organization: z.string().max(200).nullable() }),
  z.object({ op: z.literal("read"), checkpoint, volume: z.string().max(1000), since: checkpoint.optional() }),
  z.object({ op: z.literal("verify"), checkpoint }),
  z.object({ op: z.literal("drop"), checkpoints: z.array(checkpoint) }),
  z.object({ op: z.literal("collect") }),
  z.object({ op: z.literal("stats") }),
  z.object({ op: z.literal("standing") }),
]);
export type Ask = z.infer<typeof askSchema>;

export const putFrameSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("facts"), facts: factsSchema, volumes: z.array(volumeSchema) }),
  z.object({ kind: z.literal("volume"), volume: volumeSchema }),
  z.object({ kind: z.literal("end"), end: endSchema }),
]);

export const storedSchema: z.ZodType<StoredCheckpoint> = z.object({
  facts: factsSchema,
  volumes: z.array(volumeSchema),
  end: endSchema,
  wholeBytes: z.number(),
  storedBytes: z.number(),
  storedRawBytes: z.number(),
  damaged: z.string().nullable(),
});
export const collectedSchema = z.object({ freedBytes: z.number() });
export const statsSchema = z.object({ usedBytes: z.number(), freeBytes: z.number(), checkpoints: z.number() });
export const standingSchema = z.object({
  store: z.string(),
  unsure: z.array(z.string()),
  damaged: z.array(z.object({ checkpoint: z.string(), vm: z.string() })),
});

const errorSchema = z.object({ name: z.string(), message: z.string() });
export const errorOf = (payload: Buffer): z.infer<typeof errorSchema> =>
  errorSchema.parse(JSON.parse(payload.toString("utf8")));

/** The system's limit of a socket's name. */
const mostPathBytes = 107;

/** The shorter one of a socket's names: the system takes only 107 bytes. */
export function socketName(file: string): string {
  const relative = path.relative(process.cwd(), file);
  const name = relative.length < file.length ? relative : file;
  if (Buffer.byteLength(name) > mostPathBytes) throw new Error(`${file} is too long for the name of a socket.`);
  return name;
}
