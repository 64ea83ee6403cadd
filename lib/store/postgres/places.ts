import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Account, closedDirectory } from "./account.ts";

/** Where a cluster lives. */
export interface Places {
  readonly dataDir: string;
  readonly socketDir: string;
}

/** A path of a unix socket holds 107 bytes (unix(7)); PostgreSQL adds the name of its socket and of its lock. */
const longestSocketDir = 107 - "/.s.PGSQL.65535.lock".length;

const shortName = (path: string) => createHash("sha256").update(path).digest("hex").slice(0, 12);

async function makeDirectory(path: string): Promise<void> {
  const made = await mkdir(path, { recursive: true });
  // The umask may have closed what we made: open it for passing through, never for reading.
  for (let directory = path; made !== undefined; directory = dirname(directory)) {
    await letPass(directory);
    if (directory === made) break;
  }
}

const letPass = async (directory: string) => chmod(directory, ((await stat(directory)).mode & 0o777) | 0o011);

/** The cluster's own directory: nobody else's, and not a link that somebody planted. */
async function claim(directory: string, mode: number, account: Account | undefined): Promise<void> {
  await makeDirectory(directory);
  if (!(await lstat(directory)).isDirectory()) throw new Error(`${directory} is not a directory`);
  if (account !== undefined) await chown(directory, account.uid, account.gid);
  await chmod(directory, mode);
}

/**
 * Makes the directories, and makes them reachable for the account. The directory that holds `dataDir` counts as Belay's own and is
 * opened for passing through; where one above it is closed, as /root is, the cluster goes to `fallbackDir`.
 */
export async function preparePlaces(
  wanted: Places,
  account: Account | undefined,
  fallbackDir: string,
): Promise<Places> {
  let dataDir = resolve(wanted.dataDir);
  let socketDir = resolve(wanted.socketDir);
  await makeDirectory(dirname(dataDir));
  if (account !== undefined) {
    await letPass(dirname(dataDir));
    if ((await closedDirectory(dirname(dataDir))) !== undefined) {
      const place = join(fallbackDir, shortName(dataDir));
      dataDir = join(place, "pgdata");
      socketDir = join(place, "run");
      await makeDirectory(place);
      const closed = await closedDirectory(place);
      if (closed !== undefined)
        throw new Error(
          `PostgreSQL runs as ${account.name}, who cannot enter ${closed}: chmod o+x it, or use another data directory`,
        );
    }
  }
  if (Buffer.byteLength(socketDir) > longestSocketDir) socketDir = join(tmpdir(), `belay-${shortName(dataDir)}`);
  await claim(dataDir, 0o700, account);
  await claim(socketDir, account === undefined ? 0o700 : 0o711, account);
  return { dataDir, socketDir };
}
