import { randomUUID } from "node:crypto";
import { link, open, readFile, unlink } from "node:fs/promises";
import path from "node:path";

const absent = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";
const there = (error: unknown) => error instanceof Error && "code" in error && error.code === "EEXIST";

/**
 * The text of a file that only its owner may read; made by `make` when it is not there. It appears whole or not at all, is on the disk
 * when this resolves, and of two makers at once both get the first one's.
 */
export async function privateFile(file: string, make: () => string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (!absent(error)) throw error;
  }
  const fresh = path.join(path.dirname(file), `.${path.basename(file)}.${randomUUID()}`);
  const handle = await open(fresh, "wx", 0o600);
  try {
    await handle.writeFile(make());
    await handle.sync();
  } finally {
    await handle.close();
  }
  try {
    await link(fresh, file); // unlike a rename, this never takes the place of another's
  } catch (error) {
    if (!there(error)) throw error;
  } finally {
    await unlink(fresh);
  }
  return readFile(file, "utf8");
}
