import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identify, isAlive, type ProcessIdentity } from "../kit/identity.ts";
import { claimInstance } from "./instance.ts";

let dir: string;
let file: string;
beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-instance-"));
  file = path.join(dir, "start.json");
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const url = "http://127.0.0.1:3000";

/** A process that would run for a minute. */
async function sleeper(): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { stdio: "ignore", detached: true });
  await once(child, "spawn");
  const who = child.pid === undefined ? undefined : await identify(child.pid);
  if (who === undefined) throw new Error("no process to test with");
  return who;
}

test("the second start is told where the first one runs", async () => {
  const claim = await claimInstance(dir, url, () => {});
  await expect(claimInstance(dir, "http://127.0.0.1:4000", () => {})).rejects.toThrow(`already runs here: ${url}`);
  await claim.release();
  await (await claimInstance(dir, url, () => {})).release();
});

test("what a killed start left is ended, newest first, and then the place is free", async () => {
  const [server, traffic] = [await sleeper(), await sleeper()];
  const main = { pid: process.pid, start: "another process, long ago" };
  const children = [
    { name: "server", who: server },
    { name: "traffic", who: traffic },
  ];
  await writeFile(file, JSON.stringify({ main, url, children }));
  const said: string[] = [];
  const claim = await claimInstance(dir, url, (words) => said.push(words));
  expect(said).toEqual([expect.stringContaining("traffic"), expect.stringContaining("server")]);
  expect(await Promise.all([server, traffic].map(isAlive))).toEqual([false, false]);
  await claim.release();
});

test("a number that now belongs to another process is left alone", async () => {
  const other = await sleeper();
  const main = { pid: process.pid, start: "long ago" };
  await writeFile(
    file,
    JSON.stringify({ main, url, children: [{ name: "server", who: { ...other, start: "long ago" } }] }),
  );
  const claim = await claimInstance(dir, url, () => {});
  expect(await isAlive(other)).toBe(true);
  process.kill(other.pid, "SIGKILL");
  await claim.release();
});

test("half a file, from a start that was killed while it wrote, is no instance", async () => {
  await writeFile(file, '{"main":{"pid":1');
  await (await claimInstance(dir, url, () => {})).release();
});

test("children are written down as they come", async () => {
  const claim = await claimInstance(dir, url, () => {});
  const child = await sleeper();
  await claim.note("server", child.pid);
  expect(JSON.parse(await readFile(file, "utf8")).children).toEqual([{ name: "server", who: child }]);
  process.kill(child.pid, "SIGKILL");
  await claim.release();
});
