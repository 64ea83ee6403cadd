import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { inProject } from "../kit/project.ts";

const stampFile = (name: string): string => inProject(".cache", "setup", name);

/**
 * One hash over files and folders (below the project), their names and contents. What does not exist counts as such, so that
 * making it later changes the hash. `skip` leaves files out by their path.
 */
export async function hashOf(
  inputs: readonly string[],
  skip: (file: string) => boolean = () => false,
): Promise<string> {
  const hash = createHash("sha256");
  for (const input of inputs)
    for (const file of await filesOf(input)) {
      if (skip(file)) continue;
      hash.update(`${file}\0`);
      hash.update(
        createHash("sha256")
          .update(await readFile(inProject(file)))
          .digest(),
      );
    }
  return hash.digest("hex");
}

async function filesOf(input: string): Promise<string[]> {
  const found = await stat(inProject(input)).catch(() => undefined);
  if (found?.isFile()) return [input];
  if (!found) return [];
  const entries = await readdir(inProject(input), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(inProject(), path.join(entry.parentPath, entry.name)).split(path.sep).join("/"))
    .sort();
}

/** Whether the step was last done with just these inputs. */
export const isDone = async (name: string, hash: string): Promise<boolean> =>
  (await readFile(stampFile(name), "utf8").catch(() => "")) === hash;

export async function markDone(name: string, hash: string): Promise<void> {
  await mkdir(path.dirname(stampFile(name)), { recursive: true });
  await writeFile(stampFile(name), hash);
}

/** Before a step changes what it makes: a step that is cut off in the middle has not been done. */
export const markUndone = (name: string): Promise<void> => rm(stampFile(name), { force: true });
