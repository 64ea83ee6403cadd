import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { duplexPair } from "node:stream";
import type { Log } from "../../engine/ports.ts";
import { HostUnreachable } from "../../engine/ports.ts";
import { idSource } from "../../model/index.ts";
import { Desk } from "../agent/desk.ts";
import type { Handlers } from "../agent/exchange.ts";
import { createRestores } from "../agent/restore/index.ts";
import { createCheckpoints } from "../index.ts";
import type { HostShell } from "../side/shell.ts";
import { Link } from "../wire/index.ts";
import { type PageBatch, pageBytes } from "../words.ts";
import { MemoryStore } from "./memory-store.ts";

/** An agent in this process, with the real desk and the real stagings, on a host without libvirt. For tests of the engine's side. */

export const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const ids = idSource(Date.now, Math.random);
export const aVm = () => ({
  id: ids.next("vm"),
  uuid: crypto.randomUUID(),
  name: "g1",
  hostId: ids.next("hst"),
  organizationId: null,
});
export const aCheckpoint = () => ids.next("ckp");

/** Page n of a volume, filled with a byte; 0: of zeros. */
export function pagesOf(volume: string, pages: readonly (readonly [number, number])[]): PageBatch {
  return {
    volume,
    numbers: Uint32Array.from(pages, ([number]) => number),
    zero: Uint8Array.from(pages, ([, fill]) => (fill === 0 ? 1 : 0)),
    data: Buffer.concat(pages.filter(([, fill]) => fill !== 0).map(([, fill]) => Buffer.alloc(pageBytes, fill))),
  };
}

export async function fakeHost(handlers: Handlers) {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-agent-"));
  const store = new MemoryStore();
  const desks: Desk[] = [];
  const links: Link[] = [];
  const state = { starts: 0, stands: true, batches: 0 };
  const shell: HostShell = {
    exec: () => Promise.reject(new HostUnreachable("no commands here")),
    libvirt: () => {
      throw new HostUnreachable("no libvirt here");
    },
    stands: () => state.stands,
    spawn: async () => {
      state.starts += 1;
      const [ours, theirs] = duplexPair();
      const restores = createRestores({
        connection: () => Promise.reject(new Error("no libvirt here")),
        directory: path.join(dir, "records"),
        ram: { directory: path.join(dir, "shm"), ownedLike: dir },
      });
      const hello = async () => ({ kind: "ready" as const, wire: 1, version: "test", swept: "" });
      const desk = new Desk({ ...restores.handlers, hello, ...handlers });
      const link = new Link(theirs, theirs, {
        onMessage: (message) => desk.onMessage(message),
        onPages: (pages) => {
          state.batches += 1;
          return desk.onPages(pages);
        },
      });
      void link.closed.then(() => desk.end("The engine is gone."));
      desk.begin(link);
      desks.push(desk);
      links.push(link);
      return ours;
    },
  };
  const checkpoints = createCheckpoints({ store, shell, log: quiet, place: async () => ["agent"] });
  return {
    ...{ dir, store, checkpoints, state },
    /** The agent dies. */
    kill: () => links.at(-1)?.close(),
    async close() {
      checkpoints.close();
      for (const link of links) link.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
