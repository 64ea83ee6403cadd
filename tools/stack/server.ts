import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nodeArguments } from "../kit/project.ts";

const projectDir = path.resolve(import.meta.dirname, "../..");
const readyWithinMs = 60_000;
const stopWithinMs = 20_000;
const outputKept = 16_384;

export interface ServerOptions {
  /** BELAY_DATA: database, keys, token. Kept between two starts of the same server. */
  readonly dataDir: string;
  readonly port: number;
  /** Where it is asked; by default at the port of 127.0.0.1. */
  readonly url?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
  /** Gives up waiting until it is ready, and ends it. A server that is ready is stopped by `stop`. */
  readonly signal?: AbortSignal;
  /** As soon as the process is there, long before it is ready. */
  readonly onSpawn?: (pid: number) => void;
  /** Everything that it writes. */
  readonly onOutput?: (chunk: Buffer) => void;
}

/** A Belay server as a child process: what tests, benches and `npm start` drive. */
export interface RunningServer {
  readonly url: string;
  readonly pid: number;
  /** Calls the API as the operator. Throws with the server's own words on a refusal. */
  api<T>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T>;
  /** Resolves with the exit code or signal name when the process has ended, by whatever. */
  readonly ended: Promise<number | string>;
  /** The last lines that it wrote. */
  output(): string;
  /** kill -9, as a crash. */
  kill(): Promise<void>;
  /** SIGTERM, then SIGKILL when it takes too long. */
  stop(): Promise<void>;
}

/** A TCP port of 127.0.0.1 that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no TCP port was given");
  return address.port;
}

async function untilReady(
  url: string,
  child: ChildProcess,
  output: () => string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  while (Date.now() < deadline) {
    signal?.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended at its start:\n${output()}`);
    const health = await fetch(`${url}/api/v1/health`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (health?.ok && ((await health.json()) as { ready: boolean }).ready) return;
    await sleep(50);
  }
  throw new Error(`the server was not ready within ${readyWithinMs / 1000} s:\n${output()}`);
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { url = `http://127.0.0.1:${options.port}` } = options;
  const child = spawn(process.execPath, [...nodeArguments, "server.ts", ...(options.args ?? [])], {
    cwd: projectDir,
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: String(options.port),
      BELAY_DATA: options.dataDir,
      BELAY_DEMO: "1", // tests and benches act as its customers
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    // Its own group: Ctrl-C in the terminal reaches us, and we stop it in order.
    detached: true,
  });
  let text = "";
  const keep = (chunk: Buffer) => {
    text = (text + chunk.toString("utf8")).slice(-outputKept);
    options.onOutput?.(chunk);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = once(child, "exit").then(([code, signal]) => (code ?? signal) as number | string);
  const { pid } = child;
  if (pid === undefined) throw new Error("the server could not be started");
  options.onSpawn?.(pid);
  const output = () => text;
  const stop = async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
    await ended;
    clearTimeout(timer);
  };
  try {
    await untilReady(url, child, output, options.signal);
  } catch (error) {
    await stop(); // in order: it may have started its PostgreSQL
    throw error;
  }
  const token = (await readFile(path.join(options.dataDir, "operator-token"), "utf8")).trim();

  const kill = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return {
    url,
    pid,
    ended,
    output,
    kill,
    stop,
    async api<T>(method: string, route: string, body?: unknown, headers: Record<string, string> = {}) {
      const reply = await fetch(`${url}/api/v1${route}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(60_000),
      });
      const answer = await reply.text();
      if (!reply.ok) throw new Error(`${method} ${route}: ${reply.status} ${answer}`);
      const lines = reply.headers.get("content-type")?.includes("ndjson");
      if (lines)
        return answer
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)) as T;
      return (answer === "" ? undefined : JSON.parse(answer)) as T;
    },
  };
}
