import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import path from "node:path";
import { type FromHelper, fromHelper, LineReader, lineOf, type ToHelper, toHelper } from "./wire.ts";

const maxConnections = 16;
const maxUnsentBytes = 64 * 1024;

/** One who is connected. What it does not read in time costs the connection. */
export class Peer {
  readonly #socket: Socket;
  constructor(socket: Socket) {
    this.#socket = socket;
  }

  say(message: FromHelper): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(lineOf(message));
    if (this.#socket.writableLength > maxUnsentBytes) this.#socket.destroy();
  }

  end(): void {
    this.#socket.destroy();
  }
}

/** The helper's unix socket, for root alone. One that a dead helper left is taken over. */
export function listen(
  file: string,
  handlers: { heard(peer: Peer, message: ToHelper): void; left(peer: Peer): void },
): Promise<Server> {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  rmSync(file, { force: true });
  const server = createServer((socket) => {
    const peer = new Peer(socket);
    const reader = new LineReader(toHelper);
    socket.on("error", () => undefined);
    socket.on("close", () => handlers.left(peer));
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const message of reader.push(chunk)) handlers.heard(peer, message);
      } catch {
        socket.destroy(); // another version, or nobody of ours
      }
    });
  });
  server.maxConnections = maxConnections;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(file, () => {
      chmodSync(file, 0o600);
      resolve(server);
    });
  });
}

/** Sends one message to the helper of this host and resolves with its first answer of the kind that is awaited. */
export function askHelper<K extends FromHelper["kind"]>(
  file: string,
  message: ToHelper,
  awaited: K,
  timeoutMs: number,
): Promise<Extract<FromHelper, { kind: K }>> {
  const isAwaited = (it: FromHelper): it is Extract<FromHelper, { kind: K }> => it.kind === awaited;
  return new Promise((resolve, reject) => {
    const socket = connect(file);
    const reader = new LineReader(fromHelper);
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(error);
    };
    const timer = setTimeout(() => fail(new Error(`The helper did not answer within ${timeoutMs} ms.`)), timeoutMs);
    socket.on("error", fail);
    socket.on("close", () => fail(new Error("The helper closed the connection.")));
    socket.on("connect", () => void socket.write(lineOf(message)));
    socket.on("data", (chunk: Buffer) => {
      try {
        const found = reader.push(chunk).find(isAwaited);
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
        socket.destroy();
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
