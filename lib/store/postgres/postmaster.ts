import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Account } from "./account.ts";
import { launch } from "./launch.ts";
import type { Places } from "./places.ts";
import { anyoneWorksIn, eventually, isAlive, isZombie } from "./processes.ts";

/** The port only names the socket inside its own directory: nothing listens on the network. */
export const socketPort = 5432;

const settings = {
  listen_addresses: "",
  unix_socket_permissions: "0777", // as root we are another account than the server; the password guards
  log_min_messages: "fatal", // refused statements come back to who sent them; the log file stays small
  log_checkpoints: "off",
};
/** For tests: a crash of the machine may lose everything, and nobody minds. A killed server still loses nothing. */
const volatileSettings = { fsync: "off", full_page_writes: "off" };

export const lockFile = (places: Places) => join(places.dataDir, "postmaster.pid");

/** The process number in a lock file; undefined when there is no such file. */
export async function pidIn(file: string): Promise<number | undefined> {
  const text = await readFile(file, "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  return pid > 0 ? pid : undefined;
}

/** True when a server of exactly this directory answers on the socket. */
export async function serves(config: pg.ClientConfig, dataDir: string): Promise<boolean> {
  const client = new pg.Client({ ...config, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("SHOW data_directory");
    return rows[0]?.data_directory === dataDir;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Takes away the lock files of a killed server that is still a zombie: PostgreSQL itself takes it for a live one. A lock of a process
 * that is gone it clears by itself, and one of a live process is right.
 */
export async function clearZombieLocks(places: Places): Promise<void> {
  const socket = join(places.socketDir, `.s.PGSQL.${socketPort}`);
  for (const files of [[lockFile(places)], [`${socket}.lock`, socket]]) {
    const [lock] = files;
    const pid = lock === undefined ? undefined : await pidIn(lock);
    if (pid === undefined || !(await isZombie(pid))) continue;
    if (!(await eventually(async () => !(await anyoneWorksIn(places.dataDir)), 10_000)))
      throw new Error(`processes of a killed PostgreSQL do not leave ${places.dataDir}`);
    for (const file of files) await rm(file, { force: true });
  }
}

export type Started =
  | { readonly ready: true; readonly pid: number }
  | { readonly ready: false; readonly words: string };

/** Starts a server and waits until it answers, or says why it ended (another one may have been faster). */
export async function startServer(
  places: Places,
  options: {
    readonly postgres: string;
    readonly account: Account | undefined;
    readonly volatile: boolean;
    readonly dieWithParent: boolean;
    readonly config: pg.ClientConfig;
  },
): Promise<Started> {
  const all = { ...settings, ...(options.volatile ? volatileSettings : {}) };
  const command = launch(options.account, options.dieWithParent ? "INT" : undefined, options.postgres, [
    ...["-D", places.dataDir, "-k", places.socketDir, "-p", String(socketPort)],
    ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ]);
  const logFile = `${places.dataDir}.log`;
  const log = openSync(logFile, "w", 0o600); // a file, not a pipe: an orphan must not hold on to a dead parent
  // A process group of its own: Ctrl-C in the terminal reaches us first, and we stop it in order.
  const child = spawn(command.file, command.args, {
    ...command.options,
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  child.on("error", (error) => {
    ended = error.message;
  });
  child.on("exit", (code, signal) => {
    ended = `it ended with ${code ?? signal}`;
  });
  child.unref();
  const answered = await eventually(
    async () => ended !== undefined || (await serves(options.config, places.dataDir)),
    60_000,
  );
  if (ended === undefined && answered && child.pid !== undefined) return { ready: true, pid: child.pid };
  if (ended === undefined) child.kill("SIGQUIT");
  const words = (await readFile(logFile, "utf8").catch(() => "")).slice(-2000).trim();
  return { ready: false, words: `${ended ?? "it did not answer within 60 s"}. ${words}` };
}

/** Stops the server in order (fast shutdown), or at once where that takes longer than 20 s; it recovers at its next start. */
export async function stopServer(pid: number): Promise<void> {
  for (const [signal, timeoutMs] of [
    ["SIGINT", 20_000],
    ["SIGQUIT", 5000],
  ] as const) {
    if (!(await isAlive(pid))) return;
    try {
      process.kill(pid, signal);
    } catch {
      return; // it left in between
    }
    if (await eventually(async () => !(await isAlive(pid)), timeoutMs)) return;
  }
  throw new Error(`PostgreSQL (process ${pid}) does not stop`);
}
