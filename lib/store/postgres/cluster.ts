import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Account } from "./account.ts";
import { launch } from "./launch.ts";
import { anyoneWorksIn, eventually, isAlive } from "./processes.ts";

export const superuser = "belay";

/** The password of a cluster, beside it and for us alone; made at the first call. */
export async function clusterPassword(dataDir: string): Promise<string> {
  const file = `${dataDir}.password`;
  if (!existsSync(join(dataDir, "PG_VERSION")))
    await writeFile(file, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" }).catch(() => undefined);
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new Error(`${dataDir} is a PostgreSQL cluster whose password file ${file} is missing: put it back`, {
      cause,
    });
  }
}

/** Halves of clusters that a kill left behind. What initdb had started may still be writing there for a moment. */
async function sweepHalves(dataDir: string): Promise<void> {
  const prefix = `${basename(dataDir)}.init-`;
  for (const name of await readdir(dirname(dataDir))) {
    if (!name.startsWith(prefix) || (await isAlive(Number.parseInt(name.slice(prefix.length), 10)))) continue;
    const half = join(dirname(dataDir), name);
    await eventually(async () => !(await anyoneWorksIn(half)), 10_000);
    await rm(half, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

const run = (command: ReturnType<typeof launch>, timeoutMs: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, {
      ...command.options,
      stdio: ["ignore", "ignore", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let words = "";
    child.stderr.on("data", (chunk: Buffer) => {
      words = `${words}${chunk.toString("utf8")}`.slice(-4000);
    });
    child.on("error", reject);
    child.on("close", (code, signal) =>
      code === 0
        ? resolve()
        : reject(new Error(`${basename(command.file)} ended with ${code ?? signal}: ${words.trim()}`)),
    );
  });

/**
 * Makes a cluster in `dataDir` unless there is one. It is made beside and renamed: a kill in the middle leaves no half cluster, and of
 * two that race one wins whole.
 */
export async function makeCluster(
  dataDir: string,
  options: {
    readonly initdb: string;
    readonly password: string;
    readonly account: Account | undefined;
    readonly volatile: boolean;
  },
): Promise<void> {
  if (existsSync(join(dataDir, "PG_VERSION"))) return;
  await sweepHalves(dataDir);
  const half = `${dataDir}.init-${process.pid}-${randomBytes(4).toString("hex")}`;
  const passwordFile = `${half}.password`;
  const { account } = options;
  await mkdir(half, { mode: 0o700 });
  await writeFile(passwordFile, `${options.password}\n`, { mode: 0o600 });
  try {
    if (account !== undefined) for (const path of [half, passwordFile]) await chown(path, account.uid, account.gid);
    await run(
      launch(account, "KILL", options.initdb, [
        ...["-D", half, "-U", superuser, `--pwfile=${passwordFile}`, "--auth=scram-sha-256", "--encoding=UTF8"],
        ...["--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums"],
        ...(options.volatile ? ["--no-sync"] : []),
      ]),
      120_000,
    );
    await rename(half, dataDir).catch((error: unknown) => {
      if (!existsSync(join(dataDir, "PG_VERSION"))) throw error; // else another start was faster
    });
  } finally {
    await rm(passwordFile, { force: true });
    await rm(half, { recursive: true, force: true });
  }
}
