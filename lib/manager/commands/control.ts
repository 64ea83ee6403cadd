import { unlink } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ManagerError } from "../servers.ts";

/** How a person's command reaches the manager that runs: a socket in its state directory, JSON lines. */

const asked = z.object({ name: z.string().max(100), technique: z.string().max(40).nullable() });
export type Asked = z.infer<typeof asked>;
const answered = z.union([
  z.object({ words: z.string() }),
  z.object({ done: z.string() }),
  z.object({ failed: z.object({ code: z.string(), message: z.string(), cure: z.string().optional() }) }),
]);
type Answered = z.infer<typeof answered>;

const socketFile = (stateDir: string) => path.join(stateDir, "control.sock");
const mostPeople = 8;

export async function listenForPeople(
  stateDir: string,
  answer: (asked: Asked, say: (words: string) => void, called: AbortSignal) => Promise<string>,
): Promise<{ close(): Promise<void> }> {
  const file = socketFile(stateDir);
  // The journal's lock is ours: a socket that lies there is a dead manager's.
  await unlink(file).catch(() => {});
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const called = new AbortController();
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      called.abort(new Error("nobody waits for it any more"));
    });
    const say = (line: Answered) => void (socket.writable && socket.write(`${JSON.stringify(line)}\n`));
    createInterface({ input: socket }).once("line", (line) => {
      const wanted = asked.safeParse(jsonOf(line));
      if (!wanted.success) return void socket.destroy();
      answer(wanted.data, (words) => say({ words }), called.signal)
        .then(
          (done) => say({ done }),
          (error: unknown) => say({ failed: failureOf(error) }),
        )
        .finally(() => socket.end());
    });
  });
  server.maxConnections = mostPeople;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ path: file, readableAll: false, writableAll: false }, resolve);
  }).catch((cause: unknown) => {
    throw new ManagerError(
      {
        code: "cannot-listen",
        message: `${file} cannot be listened on.`,
        cure: "Give a shorter state directory: --state DIR.",
      },
      { cause },
    );
  });
  return {
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const failureOf = (error: unknown) =>
  error instanceof ManagerError
    ? { code: error.code, message: error.message, ...(error.cure !== undefined && { cure: error.cure }) }
    : { code: "failed", message: error instanceof Error ? error.message : String(error) };

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** undefined: no manager runs with this state directory. */
export function askRunning(
  stateDir: string,
  wanted: Asked,
  say: (words: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketFile(stateDir));
    const stop = () => socket.destroy(new Error("interrupted"));
    signal.addEventListener("abort", stop);
    let open = false;
    socket.on("connect", () => {
      open = true;
      socket.write(`${JSON.stringify(wanted)}\n`);
    });
    socket.on("error", (error) => (open ? reject(error) : resolve(undefined)));
    socket.on("close", () => {
      signal.removeEventListener("abort", stop);
      reject(
        new ManagerError({
          code: "manager-ended",
          message: "The manager that runs has ended meanwhile.",
          cure: "Start it again: belay-manager run.",
        }),
      );
    });
    createInterface({ input: socket })
      .on("error", () => {})
      .on("line", (line) => {
        const told = answered.safeParse(jsonOf(line)).data;
        if (told === undefined) return;
        if ("words" in told) say(told.words);
        else if ("done" in told) resolve(told.done);
        else {
          const { code, message, cure } = told.failed;
          reject(new ManagerError({ code, message, ...(cure !== undefined && { cure }) }));
        }
      });
  });
}
