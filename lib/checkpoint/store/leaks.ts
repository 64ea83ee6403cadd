import { readdir } from "node:fs/promises";
import path from "node:path";
import { Keyring } from "./domain.ts";
import { Manifests } from "./manifests.ts";
import { marksOf } from "./read.ts";
import { Room } from "./room.ts";
import type { StoreOptions } from "./store.ts";

/**
 * Files of a store that is not open and that no checkpoint needs, and needed ones that are missing: halves of writes, segments that
 * nothing refers to, manifests that nobody builds on. Empty after an opening and a collection. For tests and benches.
 */
export async function findLeaks({
  directories,
  encryption,
}: Pick<StoreOptions, "directories" | "encryption">): Promise<string[]> {
  const [home = ""] = directories;
  const found: string[] = [];
  for (const directory of directories)
    for (const name of await readdir(directory, { recursive: true })) if (name.endsWith(".tmp")) found.push(name);
  const keyring = await Keyring.open(path.join(home, "keys"), encryption);
  const room = new Room(directories, { maxBytes: undefined, reserveBytes: 0 });
  const manifests = await Manifests.open(path.join(home, "manifests"), room, keyring, (checkpoint) =>
    found.push(`unreadable ${checkpoint}`),
  );
  const needed = new Set<string>();
  const built = new Set<number>();
  for (const manifest of manifests.live()) {
    for (const number of marksOf((await manifests.resolve(manifest)).values()).numbers())
      needed.add(`${number.toString(16).padStart(8, "0")}.seg`);
    for (const { serial } of manifests.chain(manifest)) built.add(serial);
  }
  const segments = (await Promise.all(directories.map((each) => readdir(path.join(each, "segments"))))).flat();
  found.push(...segments.filter((name) => !needed.has(name)));
  found.push(...[...needed].filter((name) => !segments.includes(name)).map((name) => `missing ${name}`));
  for (const { serial, checkpoint } of manifests.every()) if (!built.has(serial)) found.push(`left ${checkpoint}`);
  return found;
}
