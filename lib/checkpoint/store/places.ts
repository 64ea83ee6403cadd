import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { isAbsent, namesWithoutTemporaries, syncDirectory, writeWhole } from "./files.ts";

/** The directories of a store are not those that it was made with: a disk is not mounted, or belongs to another store. */
export class WrongDirectory extends Error {
  override readonly name = "WrongDirectory";
}

const marker = z.object({ format: z.literal(1), store: z.string(), directories: z.array(z.string()) });

export interface Places {
  /** The name that the store was given when it was made. */
  readonly store: string;
  /** It was made just now. */
  readonly isNew: boolean;
  readonly home: string;
  readonly manifests: string;
  readonly keys: string;
  readonly numbers: string;
  readonly damage: string;
  /** One in each directory. */
  readonly segments: readonly string[];
}

async function read(file: string): Promise<z.infer<typeof marker> | undefined> {
  try {
    return marker.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new WrongDirectory(`${file} is not the mark of a store.`, { cause: error });
  }
}

const write = (file: string, mark: z.infer<typeof marker>) =>
  writeWhole(file, [Buffer.from(`${JSON.stringify(mark)}\n`)]);

/**
 * Makes what is missing, and takes away what a writer that was killed left half-written: the caller holds the lock. The home has the
 * manifests and keys; each directory has segments. One that the store used before and that is empty now is refused: its disk is away,
 * and what is on it would be taken for lost.
 */
export async function openPlaces(home: string, others: readonly string[]): Promise<Places> {
  const directories = [home, ...others];
  for (const directory of directories) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await namesWithoutTemporaries(directory);
  }
  const homeMark = path.join(home, "store.json");
  const before = await read(homeMark);
  const mine = before ?? { format: 1, store: randomUUID(), directories: [] };
  if (!before) await write(homeMark, mine); // first: another directory's mark names this one
  const all = new Set(mine.directories);
  for (const directory of others) {
    const file = path.join(directory, "store.json");
    const found = await read(file);
    const name = path.resolve(directory);
    if (found && found.store !== mine.store) throw new WrongDirectory(`${directory} belongs to another store.`);
    if (!found && all.has(name))
      throw new WrongDirectory(`${directory} was part of this store and is empty: is its disk mounted?`);
    if (!found) await write(file, { format: 1, store: mine.store, directories: [] });
    all.add(name);
  }
  const given = new Set(others.map((directory) => path.resolve(directory)));
  const left = [...all].find((name) => !given.has(name));
  if (left) throw new WrongDirectory(`${left} is part of this store and was not named.`);
  if (all.size !== mine.directories.length) await write(homeMark, { ...mine, directories: [...all] });
  const inHome = async (name: string) => {
    const made = path.join(home, name);
    await mkdir(made, { recursive: true, mode: 0o700 });
    return made;
  };
  const segments: string[] = [];
  for (const directory of directories) {
    const made = path.join(directory, "segments");
    await mkdir(made, { recursive: true, mode: 0o700 });
    await syncDirectory(directory);
    segments.push(made);
  }
  return {
    store: mine.store,
    isNew: before === undefined,
    home,
    manifests: await inHome("manifests"),
    keys: await inHome("keys"),
    numbers: path.join(home, "next"),
    damage: path.join(home, "damage.json"),
    segments,
  };
}
