import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { isAbsent, syncDirectory, writeWhole } from "./files.ts";

/** The directories of a store are not those that it was made with: a disk is not mounted, or belongs to another store. */
export class WrongDirectory extends Error {
  override readonly name = "WrongDirectory";
}

const marker = z.object({ format: z.literal(1), store: z.string(), directories: z.array(z.string()) });

export interface Places {
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
 * Makes what is missing. The first directory is the home, with manifests and keys; each has segments. A directory that the store used
 * before and that is empty now is refused: its disk is away, and what is on it would be taken for lost.
 */
export async function openPlaces(directories: readonly string[]): Promise<Places> {
  const [home] = directories;
  if (home === undefined) throw new WrongDirectory("A store needs a directory.");
  for (const directory of directories) await mkdir(directory, { recursive: true, mode: 0o700 });
  const homeMark = path.join(home, "store.json");
  const mine = (await read(homeMark)) ?? { format: 1, store: randomUUID(), directories: [] };
  const all = new Set(mine.directories);
  for (const directory of directories.slice(1)) {
    const file = path.join(directory, "store.json");
    const found = await read(file);
    const name = path.resolve(directory);
    if (found && found.store !== mine.store) throw new WrongDirectory(`${directory} belongs to another store.`);
    if (!found && all.has(name))
      throw new WrongDirectory(`${directory} was part of this store and is empty: is its disk mounted?`);
    if (!found) await write(file, { format: 1, store: mine.store, directories: [] });
    all.add(name);
  }
  const given = new Set(directories.slice(1).map((directory) => path.resolve(directory)));
  const left = [...all].find((name) => !given.has(name));
  if (left) throw new WrongDirectory(`${left} is part of this store and was not named.`);
  await write(homeMark, { ...mine, directories: [...all] });
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
    home,
    manifests: await inHome("manifests"),
    keys: await inHome("keys"),
    numbers: path.join(home, "next"),
    damage: path.join(home, "damage.json"),
    segments,
  };
}
