import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { readLab } from "./index.ts";
import { readRun } from "./state.ts";
import { type RunOptions, type RunResult, run } from "./system/run.ts";

/** Help for tests against a real lab. */

const labMain = path.join(path.dirname(fileURLToPath(import.meta.url)), "main.ts");

/** The lab's command as a person would run it. */
export function labCommand(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run([process.execPath, labMain, ...argv], { timeoutMs: 110_000, env: process.env, ...options });
}

/** Starts the lab's command and kills it with SIGKILL as soon as `when` says so. Answers whether it was still running then. */
export async function killedCommand(argv: readonly string[], when: () => boolean): Promise<boolean> {
  const child = spawn(process.execPath, [labMain, ...argv], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  while (child.exitCode === null && !when()) await pause(1);
  const running = child.exitCode === null && child.kill("SIGKILL");
  await ended;
  return running;
}

/** Asks again until an answer comes that is not undefined, or fails after the deadline with what it was waiting for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  timeoutMs = 30_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await pause(50);
  }
}

/** A TCP connection, or undefined when there is none within a second. */
export function connect(host: string, port: number): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const fail = () => {
      socket.destroy();
      resolve(undefined);
    };
    const timer = setTimeout(fail, 1000);
    socket.once("error", fail);
    socket.once("connect", () => {
      clearTimeout(timer);
      socket.removeListener("error", fail);
      resolve(socket);
    });
  });
}

export interface WebHost {
  host: string;
  bootId: string;
}

/** What a guest's web server says it is; undefined when it does not answer within a second. */
export async function askWeb(address: string): Promise<WebHost | undefined> {
  try {
    const reply = await fetch(`http://${address}/host.json`, { signal: AbortSignal.timeout(1000) });
    const body: unknown = await reply.json();
    const isWebHost = (value: unknown): value is WebHost =>
      typeof value === "object" && value !== null && "host" in value && "bootId" in value;
    return isWebHost(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

const kinds = ["net", "pid", "mnt"] as const;

/** The namespaces of a process, as "net:[4026532000]". */
export function namespacesOf(pid: number): string[] {
  return kinds.flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}

/** The namespaces of every host of a lab that is on. */
export async function labNamespaces(lab: string): Promise<string[]> {
  const hosts = (await readLab(lab)).hosts.filter((host) => host.power === "on");
  const found = await Promise.all(hosts.map((host) => readRun(lab, host.name)));
  return found.flatMap((init) => (init ? namespacesOf(init.pid) : []));
}

const allProcesses = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** Processes of the machine that live in one of these namespaces. */
export function processesIn(namespaces: readonly string[]): number[] {
  return allProcesses().filter((pid) => namespacesOf(pid).some((namespace) => namespaces.includes(namespace)));
}

/** Processes of the machine whose command line names a directory: a host's watchdog lives outside the host. */
export function processesNaming(dir: string): number[] {
  return allProcesses().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(dir);
    } catch {
      return false;
    }
  });
}

/** Lines of /proc/mounts that name a directory. */
export const mountsOf = (dir: string) =>
  readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .filter((line) => line.includes(dir));
