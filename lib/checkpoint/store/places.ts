import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { isAbsent, namesWithoutTemporaries, syncDirectory, writeWhole } from "./files.ts";

/** The directories of a store are not those that it was made with: a disk is not mounted, or belongs to another store. */
export class WrongDirectory extends Error {
  override readonly name = "WrongDirectory";
}

const marker = z.object({
  format: z.literal(1),
  store: z.string(),
  directories: z.array(z.string()),
  /** Whether this is the one with the manifests; undefined: from before this was written down. */
  home: z.boolean().optional(),
});
type Mark = z.infer<typeof marker>;

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

async function read(file: string): Promise<Mark | undefined> {
  try {
    return marker.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw new WrongDirectory(`${file} is not the mark of a store.`, { cause: error });
  }
}

const write = (file: string, mark: Mark) => writeWhole(file, [Buffer.from(`${JSON.stringify(mark)}\n`)]);

const fileOf = (directory: string) => path.join(directory, "store.json");

/** How many entries a directory has; undefined: it is not there. */
async function countOf(directory: string): Promise<number | undefined> {
  try {
    return (await readdir(directory)).length;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

interface Found {
  readonly directory: string;
  readonly mark: Mark | undefined;
  readonly manifests: number | undefined;
  readonly segments: number | undefined;
}

async function look(directory: string): Promise<Found> {
  await namesWithoutTemporaries(directory);
  return {
    directory,
    mark: await read(fileOf(directory)),
    manifests: await countOf(path.join(directory, "manifests")),
    segments: await countOf(path.join(directory, "segments")),
  };
}

/** Nothing is written before the mark, so it had one: with a new one it would be another store, for whom all that is shown is elsewhere. */
function refuseLostMark({ directory, mark, manifests = 0, segments = 0 }: Found): void {
  if (mark === undefined && manifests + segments > 0)
    throw new WrongDirectory(
      `${directory} has saved states and not its store.json: put that file back. README.md beside places.ts says how it is written anew.`,
    );
}

/** What is taken for the home and is not has no manifests: every saved state would be taken for lost, and every byte for garbage. */
function refuseOtherHome({ directory, mark, manifests }: Found): void {
  if (mark === undefined || (mark.home !== false && manifests !== undefined)) return;
  const why =
    mark.home || mark.directories.length > 0
      ? `${directory}/manifests, the list of the saved states, is gone: is its disk mounted?`
      : `${directory} is a further directory of a store: the one that has its manifests is to be named first.`;
  throw new WrongDirectory(
    `${why} If the list is lost, so are the saved states: name an empty directory alone, and a new store begins there.`,
  );
}

function refuseOther({ directory, mark, manifests = 0 }: Found, mine: Mark | undefined): void {
  if (mark && mark.store !== mine?.store) throw new WrongDirectory(`${directory} belongs to another store.`);
  if (mark?.home || manifests > 0)
    throw new WrongDirectory(`${directory} has the list of the saved states: it is to be named first.`);
  if (!mark && mine?.directories.includes(path.resolve(directory)))
    throw new WrongDirectory(`${directory} was part of this store and is empty: is its disk mounted?`);
}

/**
 * Makes what is missing, and takes away what a writer that was killed left half-written: the caller holds the lock. The home has the
 * manifests and keys; each directory has segments. One that the store used before and that is empty now is refused: its disk is away,
 * and what is on it would be taken for lost. So is a home that is not this store's, and one that lost its mark. What is refused is left as
 * it is.
 */
export async function openPlaces(home: string, others: readonly string[]): Promise<Places> {
  const directories = [home, ...others];
  const named = new Set<string>();
  for (const directory of directories) {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const real = await realpath(directory);
    if (named.has(real)) throw new WrongDirectory(`${directory} is named twice.`);
    named.add(real);
  }
  const atHome = await look(home);
  const elsewhere: Found[] = [];
  for (const directory of others) elsewhere.push(await look(directory));
  const before = atHome.mark;
  refuseOtherHome(atHome);
  for (const other of elsewhere) refuseOther(other, before);
  for (const found of [atHome, ...elsewhere]) refuseLostMark(found);
  const given = others.map((directory) => path.resolve(directory));
  const left = before?.directories.find((name) => !given.includes(name));
  if (left) throw new WrongDirectory(`${left} is part of this store and was not named.`);

  const inHome = async (name: string) => {
    const made = path.join(home, name);
    await mkdir(made, { recursive: true, mode: 0o700 });
    return made;
  };
  const manifests = await inHome("manifests"); // before the mark: a home that has one has them
  const mine: Mark = { ...(before ?? { format: 1, store: randomUUID(), directories: [] }), home: true };
  if (!before?.home) await write(fileOf(home), mine); // first: another directory's mark names this one
  for (const { directory, mark } of elsewhere)
    if (mark?.home !== false)
      await write(fileOf(directory), { format: 1, store: mine.store, directories: [], home: false });
  const all = [...new Set([...mine.directories, ...given])];
  if (all.length !== mine.directories.length) await write(fileOf(home), { ...mine, directories: all });
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
    manifests,
    keys: await inHome("keys"),
    numbers: path.join(home, "next"),
    damage: path.join(home, "damage.json"),
    segments,
  };
}
