import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "./files.ts";

/** Another process has the store open. */
export class StoreInUse extends Error {
  override readonly name = "StoreInUse";
}

const againMs = 50;

/**
 * One process per store: two would take each other's new segments for garbage. The lock is a name in Linux's abstract sockets, which
 * the kernel takes back when its holder dies, however it dies. Other systems have no such name, and no lock here.
 */
export async function lockStore(directory: string, waitMs: number): Promise<() => Promise<void>> {
  if (process.platform !== "linux") return async () => {};
  const name = `\0belay-store-${createHash("sha256")
    .update(await realpath(directory))
    .digest("hex")
    .slice(0, 40)}`;
  const until = performance.now() + waitMs;
  for (;;) {
    const server = createServer((socket) => socket.destroy()).unref();
    const taken = await listens(server, name);
    if (taken) return () => new Promise((resolve) => server.close(() => resolve()));
    if (performance.now() >= until) throw new StoreInUse(`Another process has the store in ${directory} open.`);
    await delay(againMs);
  }
}

function listens(server: Server, name: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => (codeOf(error) === "EADDRINUSE" ? resolve(false) : reject(error)));
    server.listen(name, () => resolve(true));
  });
}
