import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import type { StoreOptions } from "./store.ts";

/** What the store's process is told: one JSON text as its argument. */
export const settingsSchema = z.object({
  directories: z.array(z.string()).min(1),
  maxBytes: z.number().optional(),
  reserveBytes: z.number().optional(),
  /** A file with 32 bytes in base64: the server's key. The key itself is told to nobody. */
  encryption: z
    .object({ keyFile: z.string(), organizations: z.union([z.literal("all"), z.array(z.string())]) })
    .optional(),
  scrub: z.object({ bytesPerSecond: z.number().positive(), restMs: z.number() }).optional(),
});
export type StoreSettings = z.infer<typeof settingsSchema>;

/** Where the store listens: in its home, which lets nobody in but its owner. */
export const socketOf = ({ directories }: Pick<StoreSettings, "directories">): string =>
  path.join(directories[0] ?? "", "store.sock");

export async function optionsOf({ encryption, ...rest }: StoreSettings): Promise<StoreOptions> {
  if (!encryption) return rest;
  const key = Buffer.from((await readFile(encryption.keyFile, "utf8")).trim(), "base64");
  if (key.byteLength !== 32) throw new Error(`${encryption.keyFile} does not hold 32 bytes in base64.`);
  return { ...rest, encryption: { key, organizations: encryption.organizations } };
}
