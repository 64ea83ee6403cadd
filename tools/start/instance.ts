import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { Failure } from "../kit/failure.ts";
import { endProcess, identify, isAlive } from "../kit/identity.ts";

const identity = z.object({ pid: z.int(), start: z.string() });
const record = z.object({
  main: identity,
  url: z.string(),
  /** In the order of their start. */
  children: z.array(z.object({ name: z.string(), who: identity })),
});
type Instance = z.infer<typeof record>;

const patienceMs = 20_000;

/** This `npm start`, as written down for the next one. */
export interface Claim {
  /** A process that the next start must end if we are killed before we can. */
  note(name: string, pid: number): Promise<void>;
  release(): Promise<void>;
}

/**
 * One `npm start` per data directory. A second one is told where the first runs. What an earlier one left when it was killed is
 * ended, newest first; `onLeft` says so.
 */
export async function claimInstance(dataDir: string, url: string, onLeft: (words: string) => void): Promise<Claim> {
  const file = path.join(dataDir, "start.json");
  await mkdir(dataDir, { recursive: true });
  const main = await identify(process.pid);
  if (main === undefined) throw new Error("this process cannot find itself");
  let mine: Instance = { main, url, children: [] };
  while (!(await createFile(file, mine))) {
    const other = await readInstance(file);
    if (other !== undefined && (await isAlive(other.main)))
      throw new Failure(
        `Belay already runs here: ${other.url} (process ${other.main.pid})`,
        "open that address; to stop it press Ctrl-C where it was started. A second one beside it: set PORT, BELAY_DATA and BELAY_LAB",
      );
    for (const { name, who } of other?.children.toReversed() ?? [])
      if (await isAlive(who)) {
        onLeft(`an earlier start was killed: ending its ${name} (process ${who.pid})`);
        await endProcess(who, patienceMs);
      }
    await rm(file, { force: true });
  }
  return {
    async note(name, pid) {
      const who = await identify(pid);
      if (who === undefined) return; // it has ended already; whoever waits for it says so
      mine = { ...mine, children: [...mine.children, { name, who }] };
      await writeFile(file, JSON.stringify(mine));
    },
    release: () => rm(file, { force: true }),
  };
}

async function createFile(file: string, instance: Instance): Promise<boolean> {
  try {
    await writeFile(file, JSON.stringify(instance), { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** undefined for a file that was cut off in its writing. */
async function readInstance(file: string): Promise<Instance | undefined> {
  try {
    return record.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}
