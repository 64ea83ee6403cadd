import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";

/** Real processes of the server on one data directory, and what `kill -9` of them and of their PostgreSQL leaves. */

let dataDir: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "belay-standby-"));
  await chmod(dataDir, 0o711);
});
afterAll(async () => {
  for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  await rm(dataDir, { recursive: true, force: true });
});

const project = path.resolve(import.meta.dirname, "../..");

/** An engine of its own, and what it says. */
function startEngine() {
  const child = spawn(process.execPath, ["server.ts", "--role", "engine"], {
    cwd: project,
    env: { ...process.env, NODE_ENV: "production", BELAY_DATA: dataDir, BELAY_LOG: "info", DATABASE_URL: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  const ended = once(child, "exit");
  return {
    says: (words: string) =>
      expect.poll(() => lines.some((line) => line.includes(words)), { timeout: 30_000, message: words }).toBe(true),
    said: (words: string) => lines.filter((line) => line.includes(words)).length,
    async end(signal: NodeJS.Signals) {
      child.kill(signal);
      const [code] = await ended;
      return code;
    },
  };
}

const atWork = "the engine is at work";
const postmaster = async () =>
  Number((await readFile(path.join(dataDir, "pgdata", "postmaster.pid"), "utf8")).split("\n")[0]);

test("a second engine stands by, takes over from one that is killed, outlives its database, and stops everything in the end", async () => {
  const first = startEngine();
  await first.says(atWork);
  const second = startEngine();
  await second.says("stands by");
  expect(second.said(atWork)).toBe(0);

  await first.end("SIGKILL");
  await second.says(atWork);

  process.kill(await postmaster(), "SIGKILL");
  await expect.poll(() => second.said(atWork), { timeout: 30_000 }).toBe(2);

  const third = startEngine();
  await third.says("stands by");
  expect(await third.end("SIGTERM")).toBe(0); // leaves the database to the one that uses it
  expect(process.kill(await postmaster(), 0)).toBe(true);

  expect(await second.end("SIGTERM")).toBe(0);
  await expect(stat(path.join(dataDir, "pgdata", "postmaster.pid"))).rejects.toMatchObject({ code: "ENOENT" });
}, 120_000);
