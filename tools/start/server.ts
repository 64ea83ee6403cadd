import { createWriteStream } from "node:fs";
import path from "node:path";
import type { Board } from "../kit/board.ts";
import { Failure } from "../kit/failure.ts";
import { type RunningServer, startServer } from "../stack/server.ts";
import type { StartOptions } from "./options.ts";

export const logFileOf = (dataDir: string): string => path.join(dataDir, "server.log");

/** Starts the server, with its log in a file; its last lines come with the error when it does not get ready. */
export async function bringUpServer(
  { dataDir, port, host, url, noLab }: StartOptions,
  simulated: boolean,
  options: { board: Board; signal: AbortSignal; onSpawn: (pid: number) => void },
): Promise<RunningServer> {
  const { board, signal, onSpawn } = options;
  const log = createWriteStream(logFileOf(dataDir), { flags: "a", mode: 0o600 });
  return await board.phase("server", async () => {
    try {
      return await startServer({
        dataDir,
        port,
        url,
        env: { HOST: host, BELAY_SIMULATED: simulated ? "1" : "", BELAY_DEMO: noLab ? "" : "1" },
        signal,
        onSpawn,
        onOutput: (chunk) => void log.write(chunk),
      });
    } catch (error) {
      signal.throwIfAborted();
      throw new Failure(
        error instanceof Error ? error.message : String(error),
        `its whole log: ${logFileOf(dataDir)}`,
        { cause: error },
      );
    }
  });
}

/** A server that was killed could not stop its PostgreSQL: finds it, as a new server would, and stops it. */
export async function stopOrphanedDatabase(dataDir: string, simulated: boolean): Promise<void> {
  if (process.env.DATABASE_URL) return; // somebody else's
  // Loaded only here: the store needs the Prisma client, which is made after this file is first read.
  const { ensurePostgres } = await import("../../lib/store/index.ts");
  const postgres = await ensurePostgres({
    dataDir: path.join(dataDir, "pgdata"),
    socketDir: path.join(dataDir, "run"),
    database: simulated ? "belay_simulated" : "belay",
  });
  await postgres.stop();
}
