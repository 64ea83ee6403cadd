import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { z } from "zod";
import { ManagerError } from "../servers.ts";

/** One process per state directory. A process that was killed leaves its file: it holds nothing any more, and that is seen. */
export interface Lock {
  free(): Promise<void>;
}

/** `start` is the kernel's start time of the process: its number alone may be another one's by now. */
const holder = z.object({ pid: z.int(), start: z.string() });
type Holder = z.infer<typeof holder>;

async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return reaches(pid) ? "" : undefined;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The name, in brackets, may hold spaces and brackets itself: count from its end.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields === undefined || fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
}

function reaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function holderOf(file: string): Promise<Holder | undefined> {
  try {
    return holder.safeParse(JSON.parse(await readFile(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}

const isThere = (error: unknown) => error instanceof Error && "code" in error && error.code === "EEXIST";

export async function takeLock(file: string): Promise<Lock> {
  const mine: Holder = { pid: process.pid, start: (await startOf(process.pid)) ?? "" };
  const draft = `${file}.${process.pid}`;
  for (let attempt = 0; attempt < 20; attempt++) {
    await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
    try {
      // A link is made whole or not at all, and never over another one.
      await link(draft, file);
      return { free: () => unlink(file).catch(() => {}) };
    } catch (error) {
      if (!isThere(error)) throw error;
    } finally {
      await unlink(draft).catch(() => {});
    }
    const theirs = await holderOf(file);
    if (theirs !== undefined && (await startOf(theirs.pid)) === theirs.start)
      throw new ManagerError({
        code: "already-running",
        message: `Another manager (process ${theirs.pid}) works with this state directory.`,
        cure: `End it, or give this one another: --state DIR.`,
      });
    await takeAway(file, theirs);
  }
  throw new ManagerError({
    code: "already-running",
    message: `The lock ${file} cannot be had.`,
    cure: "Remove it if no manager runs.",
  });
}

/** Somebody else may have replaced the dead one's file since it was read: then theirs is put back. */
async function takeAway(file: string, dead: Holder | undefined): Promise<void> {
  const aside = `${file}.dead.${process.pid}`;
  await rename(file, aside).catch(() => {});
  const taken = await holderOf(aside);
  if (taken !== undefined && (taken.pid !== dead?.pid || taken.start !== dead.start))
    await link(aside, file).catch(() => {});
  await unlink(aside).catch(() => {});
}
