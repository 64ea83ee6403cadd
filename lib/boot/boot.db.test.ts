import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CloudView, cloudView, enrolHostReply, hostExamination, incidentList } from "../contract/index.ts";
import { boot, readOptions } from "./index.ts";

/** The whole server but for its pages, on a database of its own, with the simulated cloud. */

let dataDir: string;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "belay-boot-"));
  await chmod(dataDir, 0o711);
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const log = { info() {}, warn() {}, error() {} };
const surrender = (words: string) => {
  throw new Error(words);
};
const start = (simulated = true) =>
  boot(
    readOptions([], { BELAY_DATA: dataDir, BELAY_DEMO: "1", BELAY_SIMULATED: simulated ? "1" : "" }),
    log,
    surrender,
  );

async function send(method: string, route: string, sent?: unknown, headers: Record<string, string> = {}) {
  const token = (await readFile(path.join(dataDir, "operator-token"), "utf8")).trim();
  const request = new Request(`http://127.0.0.1:3000/api/v1${route}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    ...(sent !== undefined && { body: JSON.stringify(sent) }),
  });
  const { belay } = globalThis;
  if (belay === undefined) throw new Error("the server has not started");
  return belay.fetch(request);
}

async function ask(...what: Parameters<typeof send>): Promise<unknown> {
  const reply = await send(...what);
  expect(reply.ok, `${what[0]} ${what[1]}`).toBe(true);
  return reply.json();
}

const cloud = async (): Promise<CloudView> => cloudView.parse(await ask("GET", "/cloud"));

test("first start: people who can sign in, a host enrolled, a VM killed and revived; second start: all of it is still there", async () => {
  const first = await start();
  expect(first.accounts.map(({ email }) => email)).toEqual([
    "admin@belay.local",
    "ada@aster.example",
    "ben@birch.example",
  ]);
  for (const file of ["accounts.json", "operator-token", "auth-secret"])
    expect((await stat(path.join(dataDir, file))).mode & 0o777, file).toBe(0o600);
  const { organizations, viewer, simulated } = await cloud();
  expect(organizations.map(({ name }) => name)).toEqual(["Provider", "Aster", "Birch"]);
  expect({ simulated, role: viewer.role }).toEqual({ simulated: true, role: "provider" });

  const uri = "simulated://host-1";
  const { hostKeySha256 } = hostExamination.parse(await ask("POST", "/hosts/examine", { uri }));
  const enrolment = { uri, approvedHostKeySha256: hostKeySha256, faultInjection: true };
  const { host } = enrolHostReply.parse(await ask("POST", "/hosts", enrolment));
  const running = async () =>
    (await cloud()).vms.find(({ hostId, state }) => hostId === host.id && state === "running");
  const waiting = { timeout: 30_000, interval: 100 };
  await expect.poll(running, waiting).toBeDefined();
  const vm = await running();
  await ask("POST", `/vms/${vm?.id}/kill`, { runId: vm?.runId }, { "idempotency-key": "first" });
  const incidents = async () => incidentList.parse(await ask("GET", "/incidents")).incidents;
  await expect.poll(async () => (await incidents()).map(({ state }) => state), waiting).toEqual(["repaired"]);
  expect((await running())?.runId).not.toBe(vm?.runId);
  await first.stop();
  expect(globalThis.belay).toBeUndefined();

  const second = await start();
  expect(second.accounts).toEqual(first.accounts);
  expect((await cloud()).hosts.map(({ id }) => id)).toEqual([host.id]);
  await expect.poll(running, waiting).toMatchObject({ id: vm?.id });
  expect(await incidents()).toHaveLength(1);
  await second.stop();
}, 120_000);

test("a real cloud keeps a database of its own beside the simulated one", async () => {
  const running = await start(false);
  expect(await cloud()).toMatchObject({ simulated: false, hosts: [], vms: [] });
  await running.stop();
}, 60_000);

test("while PostgreSQL is dead that is said, and soon it is started again", async () => {
  const running = await start();
  const lock = await readFile(path.join(dataDir, "pgdata", "postmaster.pid"), "utf8");
  process.kill(Number(lock.split("\n")[0]), "SIGKILL");
  const replies: number[] = [];
  const look = async () => {
    const { status } = await send("GET", "/cloud");
    replies.push(status);
    return status;
  };
  try {
    await expect.poll(look, { timeout: 30_000, interval: 5 }).toBe(503);
    await expect.poll(look, { timeout: 30_000, interval: 50 }).toBe(200);
    expect(new Set(replies)).toEqual(new Set([503, 200]));
  } finally {
    await running.stop(); // or the next test would find somebody else's server
  }
}, 60_000);

test("the database server stops with the last server that used it", async () => {
  const running = await start();
  await running.stop();
  await expect(stat(path.join(dataDir, "pgdata", "postmaster.pid"))).rejects.toMatchObject({ code: "ENOENT" });
}, 60_000);
