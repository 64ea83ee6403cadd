import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createGuest, labDown, labSupported, labUp, type Support } from "../lab/index.ts";
import { ensureIdentity } from "../lib/hypervisor/index.ts";
import { runCommand } from "../tools/kit/command.ts";
import { explain } from "../tools/kit/failure.ts";
import { inProject, nodeArguments } from "../tools/kit/project.ts";
import { freePort, startServer } from "../tools/stack/server.ts";
import { createStops } from "../tools/start/stops.ts";
import type { E2eState, RunningState } from "./support/state.ts";

/**
 * What the tests in e2e/ stand on: a lab of two hosts with three web guests, a server that watches them, its demo and its traffic; and
 * a second server before a simulated cloud. Says "e2e is up: FILE" when all answers, and takes everything down when it is told to end
 * or when who started it is gone.
 */

const labName = "e2e";
const guests = [
  { name: "web-1", host: "host-1" },
  { name: "web-2", host: "host-2" },
  { name: "web-3", host: "host-1" },
] as const;

const ending = new AbortController();
const { signal } = ending;
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => ending.abort(new Error(name)));
const launcher = process.ppid;
const watch = setInterval(() => {
  if (process.ppid !== launcher) ending.abort(new Error("who started the e2e stack is gone"));
}, 500);

const say = (words: string) => process.stderr.write(`e2e: ${words}\n`);
const stops = createStops(say);
const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

/** A fresh directory that PostgreSQL's account may pass through. */
async function freshDir(name: string): Promise<string> {
  const dir = path.join(tmpdir(), `belay-e2e-${process.pid}-${name}`);
  await mkdir(dir, { mode: 0o711 });
  stops.add(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function bringUpLab(dataDir: string): Promise<void> {
  const { publicKey } = await ensureIdentity(path.join(dataDir, "ssh"));
  stops.add(() => labDown(labName));
  await labUp({ name: labName, hosts: 2, authorize: [publicKey], signal });
  await Promise.all(guests.map((guest) => createGuest(labName, guest)));
}

/** Runs a command of tools/ as `npm start` does, against the server with this environment. */
const tool = (file: string, env: Record<string, string>, deadlineMs?: number) =>
  runCommand(process.execPath, [...nodeArguments, inProject("tools", file)], {
    env: { ...env, BELAY_LAB: labName },
    signal,
    ...(deadlineMs !== undefined && { deadlineMs }),
  });

/** A server with the demo's organizations and applications, and traffic where its cloud has a network. */
async function bringUpServer(dataDir: string, env: Record<string, string>): Promise<RunningState> {
  const port = await freePort();
  const server = await startServer({ dataDir, port, args: [], env, signal });
  stops.add(() => server.stop());
  const where = { PORT: String(port), BELAY_DATA: dataDir };
  const demo = await tool("demo.ts", where, 120_000);
  if (!demo.ok) throw new Error(`the demo could not be set up: ${demo.words}\n${demo.output}\n${server.output()}`);
  const traffic = tool("traffic.ts", where);
  stops.add(async () => {
    ending.abort();
    await traffic;
  });
  return { url: server.url, dataDir };
}

async function bringUp(): Promise<E2eState> {
  const asked = process.env.BELAY_SIMULATED === "1";
  const support: Support = asked ? { ok: false, why: "BELAY_SIMULATED is set", cure: "unset it" } : labSupported();
  const dataDir = await freshDir("server");
  if (support.ok) await bringUpLab(dataDir);
  else say(`SIMULATED: ${support.why} (${support.cure})`);
  const proxyPort = await freePort();
  const env = { BELAY_SIMULATED: support.ok ? "" : "1", BELAY_ORIGINS: `http://127.0.0.1:${proxyPort}` };
  const server = await bringUpServer(dataDir, env);
  const simulated = await bringUpServer(await freshDir("simulated"), { BELAY_SIMULATED: "1" });
  return { server, simulated, proxyPort, lab: support.ok ? labName : null };
}

try {
  const state = await bringUp();
  const file = path.join(await freshDir("state"), "state.json");
  await writeFile(file, JSON.stringify(state));
  process.stdout.write(`e2e is up: ${file}\n`);
  await aborted;
} catch (error) {
  if (!signal.aborted) {
    say(explain(error));
    process.exitCode = 1;
  }
}
clearInterval(watch);
await stops.all();
process.exit();
