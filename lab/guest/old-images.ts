import { readdir, rm, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { imageCacheDir, labPaths } from "../paths.ts";
import { labNames, readRecord } from "../state.ts";
import { readText, writeJson } from "../system/files.ts";
import { readGuests } from "./record.ts";

/** Of each kind. */
const keptImages = 3;

const handedOutFile = (lab: string) => path.join(labPaths(lab).dir, "images.json");
const hashes = z.array(z.string());

async function handedOut(lab: string): Promise<string[]> {
  const text = await readText(handedOutFile(lab));
  return text === undefined ? [] : hashes.parse(JSON.parse(text));
}

/** VMs may be made of this image that the lab knows nothing of, as long as the lab is there. */
export async function noteHandedOut(lab: string, hash: string): Promise<void> {
  const before = await handedOut(lab);
  if (!before.includes(hash)) await writeJson(handedOutFile(lab), [...before, hash]);
}

/** Keeps the newest images and those a lab or a guest of this project still names; an image is 120 to 700 MB. */
export async function dropOldImages(): Promise<void> {
  const used = new Set(await imagesInUse());
  const names = (await readdir(imageCacheDir)).filter((name) => /^[0-9a-f]{16}$/.test(name));
  const dated = await Promise.all(
    names.map(async (hash) => {
      const dir = path.join(imageCacheDir, hash);
      const text = await readText(path.join(dir, "manifest.json"));
      const kind = z.object({ image: z.string().default("web") }).safeParse(JSON.parse(text ?? "null"));
      return { hash, at: (await stat(dir)).mtimeMs, kind: kind.success ? kind.data.image : "" };
    }),
  );
  const kinds = new Map<string, number>();
  for (const { hash, kind } of dated.sort((a, b) => b.at - a.at)) {
    const newer = kinds.get(kind) ?? 0;
    kinds.set(kind, newer + 1);
    if (newer >= keptImages && !used.has(hash))
      await rm(path.join(imageCacheDir, hash), { recursive: true, force: true });
  }
}

/** A record that cannot be read names nothing; `up` on that lab says so. */
async function imagesInUse(): Promise<string[]> {
  const labs = await labNames();
  const records = await Promise.all(labs.map((lab) => readRecord(lab).catch(() => undefined)));
  const guests = await Promise.all(labs.map((lab) => readGuests(lab).catch(() => [])));
  const given = await Promise.all(labs.map((lab) => handedOut(lab).catch(() => [])));
  return [
    ...records.flatMap((record) => record?.image ?? []),
    ...guests.flat().map((guest) => guest.imageHash),
    ...given.flat(),
  ];
}
