import { mkdir, open, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { Failure } from "../kit/failure.ts";
import { identify, isAlive, type ProcessIdentity } from "../kit/identity.ts";
import { inProject } from "../kit/project.ts";

const waitMs = 15 * 60_000;
const lookEveryMs = 250;

/** One set-up at a time in this folder: `npm start` and `npm test` would otherwise build into each other's files. */
export async function withSetUpLock<T>(
  say: (words: string) => void,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const file = inProject(".cache", "setup", "lock");
  await mkdir(path.dirname(file), { recursive: true });
  const me = await identify(process.pid);
  let said = false;
  for (const until = Date.now() + waitMs; ; ) {
    signal.throwIfAborted();
    const handle = await open(file, "wx").catch(() => undefined);
    if (handle) {
      await handle.writeFile(JSON.stringify(me));
      await handle.close();
      break;
    }
    const holder = await readHolder(file);
    if (holder === undefined || !(await isAlive(holder))) {
      await rm(file, { force: true }); // its process was killed
      continue;
    }
    if (Date.now() > until)
      throw new Failure(
        `another set-up (process ${holder.pid}) has not ended for 15 minutes`,
        "end it, then try again",
      );
    if (!said) say(`waiting for another set-up in this folder (process ${holder.pid})`);
    said = true;
    await new Promise((wake) => setTimeout(wake, lookEveryMs));
  }
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

/** undefined for a file that is gone, or that its writer was killed over. */
async function readHolder(file: string): Promise<ProcessIdentity | undefined> {
  // The writer needs a moment between making the file and filling it.
  for (let look = 0; look < 4; look++) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) return undefined;
    const value: unknown = text ? JSON.parse(text) : undefined;
    if (typeof value === "object" && value !== null && "pid" in value && "start" in value)
      return { pid: Number(value.pid), start: String(value.start) };
    await new Promise((wake) => setTimeout(wake, 100));
  }
  return undefined;
}
