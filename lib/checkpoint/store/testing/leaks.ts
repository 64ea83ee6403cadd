import { readdir } from "node:fs/promises";
import path from "node:path";
import { Keyring } from "../domain.ts";
import { Manifests } from "../manifests.ts";
import { marksOf } from "../read.ts";
import { Room } from "../room.ts";

/** Files of a closed store that no checkpoint needs: halves of writes, segments that nothing refers to, manifests that nobody builds on. */
export async function leaks(home: string): Promise<string[]> {
  const names = (directory: string) => readdir(path.join(home, directory));
  const found: string[] = [];
  for (const directory of [".", "manifests", "segments", "keys"])
    for (const name of await names(directory)) if (name.endsWith(".tmp")) found.push(name);
  const keyring = await Keyring.open(path.join(home, "keys"), undefined);
  const room = new Room([home], { maxBytes: undefined, reserveBytes: 0 });
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
  const segments = await names("segments");
  found.push(...segments.filter((name) => !needed.has(name)));
  found.push(...[...needed].filter((name) => !segments.includes(name)).map((name) => `missing ${name}`));
  for (const { serial, checkpoint } of manifests.every()) if (!built.has(serial)) found.push(`left ${checkpoint}`);
  return found;
}
