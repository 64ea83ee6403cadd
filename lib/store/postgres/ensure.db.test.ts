import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterEach, beforeEach, expect, test } from "vitest";
import { seededRandom } from "../testing/seeded.ts";
import { ensurePostgres, type Postgres, type PostgresOptions } from "./ensure.ts";
import { eventually, isAlive } from "./processes.ts";

let directory: string;
let options: PostgresOptions;
const started: Postgres[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "belay-pg-"));
  await chmod(directory, 0o711);
  options = { dataDir: join(directory, "own", "pgdata"), socketDir: join(directory, "own", "run"), volatile: true };
});
afterEach(async () => {
  for (const postgres of started.splice(0)) await postgres.stop();
  await rm(directory, { recursive: true, force: true });
});

async function ensure(more: Partial<PostgresOptions> = {}): Promise<Postgres> {
  const postgres = await ensurePostgres({ ...options, ...more });
  started.push(postgres);
  return postgres;
}

async function query(postgres: Pick<Postgres, "url">, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: postgres.url, connectionTimeoutMillis: 5000 });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const owner = (more: Partial<PostgresOptions> = {}): ChildProcess =>
  spawn(
    process.execPath,
    [fileURLToPath(new URL("../testing/postgres-owner.ts", import.meta.url)), JSON.stringify({ ...options, ...more })],
    { stdio: ["pipe", "pipe", "inherit"] },
  );

async function ready(child: ChildProcess): Promise<{ pid: number; url: string }> {
  if (child.stdout === null) throw new Error("the owner's words are read");
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error("the owner ended without a word");
}

async function kill9(child: ChildProcess): Promise<void> {
  if (child.exitCode === null) {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
  expect(child.signalCode, "it ended by itself before the kill").toBe("SIGKILL");
}

test("outlives its owner's kill -9, is adopted, and survives its own", async () => {
  const first = owner();
  const { pid, url } = await ready(first);
  await query({ url }, "CREATE TABLE kept (word text)");
  await query({ url }, "INSERT INTO kept VALUES ('acknowledged')");
  await kill9(first);

  const adopted = await ensure();
  expect(adopted).toMatchObject({ pid, adopted: true, url });
  expect(await query(adopted, "SELECT word FROM kept")).toEqual([{ word: "acknowledged" }]);

  // There and not answering, as while it recovers: it is waited for, not started a second time.
  process.kill(pid, "SIGSTOP");
  try {
    const waiting = ensure();
    const given = await Promise.race([waiting, new Promise((resolve) => setTimeout(resolve, 2500, "nothing yet"))]);
    expect(given).toBe("nothing yet");
    process.kill(pid, "SIGCONT");
    expect(await waiting).toMatchObject({ pid, adopted: true });
  } finally {
    process.kill(pid, "SIGCONT");
  }

  process.kill(pid, "SIGKILL");
  const again = await ensure();
  expect(again.adopted).toBe(false);
  expect(again.pid).not.toBe(pid);
  expect(await query(again, "SELECT word FROM kept")).toEqual([{ word: "acknowledged" }]);
});

test("a kill -9 at any moment of its making leaves nothing that stands in the way", async () => {
  const random = seededRandom(11);
  for (let round = 0; round < 3; round++) {
    const child = owner({ dieWithParent: true });
    await new Promise((resolve) => setTimeout(resolve, 200 + random() * 600)); // anywhere in initdb and the first start
    await kill9(child);
  }
  // Whole at last, it leaves with its owner, as was asked for.
  const last = owner({ dieWithParent: true });
  const { pid } = await ready(last);
  await kill9(last);
  expect(await eventually(async () => !(await isAlive(pid)), 20_000)).toBe(true);

  const postgres = await ensure();
  expect(await query(postgres, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
  expect((await readdir(join(directory, "own"))).sort()).toEqual(["pgdata", "pgdata.log", "pgdata.password", "run"]);
});

test("three at the same time, two of them in one process, get the same one", async () => {
  const child = owner();
  const [one, two, three] = await Promise.all([ready(child), ensure(), ensure()]);
  expect([two.pid, three.pid]).toEqual([one.pid, one.pid]);
  child.stdin?.end();
  await once(child, "exit");
});

test.runIf(process.getuid?.() === 0)("as root it goes around a directory that its account cannot enter", async () => {
  const closed = join(directory, "closed");
  await mkdir(closed, { mode: 0o700 });
  const place = join(closed, "own");
  const fallbackDir = join(directory, "fallback");
  const around = await ensure({ dataDir: join(place, "pgdata"), socketDir: join(place, "run"), fallbackDir });
  expect(around.dataDir.startsWith(fallbackDir)).toBe(true);
  expect((await stat(closed)).mode & 0o777).toBe(0o700);
  expect(await query(around, "SELECT 1 AS one")).toEqual([{ one: 1 }]);
});
