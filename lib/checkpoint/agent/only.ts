import { spawn } from "node:child_process";
import { chmod, type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { connect, createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { agentDir } from "./work-files.ts";

/**
 * Both in a directory of root's: a name in the host's abstract sockets could be taken, and an agent be told to end, by every account there.
 * `lock` is held by flock(2), so it is gone with the process that has it, however that ended; who has it listens at `socket`.
 */
const defaultPlace = path.join(agentDir, "lock");
const tellMs = 20_000;
const againMs = 50;

/** Node has no flock: the tool locks the open file that it is given, and that is ours. */
function lock(handle: FileHandle): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn("flock", ["-n", "-x", "3"], { stdio: ["ignore", "ignore", "ignore", handle.fd] });
    child.on("error", (cause) => reject(new Error("The host has no flock (util-linux).", { cause })));
    child.on("close", (code) => resolve(code === 0));
  });
}

function listen(socket: string, onAsked: () => void, askers: Set<Socket>): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((asker) => {
      askers.add(asker);
      asker.on("error", () => undefined);
      asker.on("close", () => askers.delete(asker));
      asker.resume(); // its end is ours: the next one waits for it
      onAsked();
    });
    server.once("error", reject);
    server.listen(socket, () => resolve(server));
  });
}

/** Asks the agent that is there to end, and waits until it has. Where none listens yet, or any more, at once. */
function tellToEnd(file: string, leftMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(file);
    const timer = setTimeout(() => socket.destroy(), leftMs);
    socket.on("error", () => undefined);
    socket.on("close", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.resume();
  });
}

/**
 * There is one agent on a host, the newest: one whose connection broke without anybody telling it would otherwise hold guests, or files,
 * that the next one works on. `onAsked`: another one has come, this one has to end. Answers how the place is given up.
 */
export async function beTheOnly(onAsked: () => void, place = defaultPlace): Promise<() => Promise<void>> {
  await mkdir(place, { recursive: true, mode: 0o700 });
  await chmod(place, 0o700);
  const socket = path.join(place, "agent.sock");
  const handle = await open(path.join(place, "agent.lock"), "a", 0o600);
  const end = performance.now() + tellMs;
  while (!(await lock(handle))) {
    if (performance.now() > end) {
      await handle.close();
      throw new Error("another agent runs here and does not end");
    }
    await tellToEnd(socket, end - performance.now());
    await delay(againMs);
  }
  await rm(socket, { force: true }); // of one that was killed
  const askers = new Set<Socket>();
  const server = await listen(socket, onAsked, askers);
  return async () => {
    server.close();
    await handle.close(); // the lock goes with it
    for (const asker of askers) asker.destroy();
  };
}
