import { readSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { pageBytes } from "../../words.ts";
import { type HashSeed, pageHash } from "../differ/index.ts";

/** While a guest stands nothing on its host matters more. */
const urgent = -20;
/** While it runs it goes before what is done about it. */
const modest = 5;
const readBytes = 1024 * 1024;
const zeroPage = Buffer.alloc(pageBytes);

/** Memory is handed over without a copy: both sides see it. */
export type ThreadTask =
  | {
      readonly kind: "read";
      readonly fd: number;
      readonly into: SharedArrayBuffer;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly kind: "hash";
      readonly bytes: SharedArrayBuffer;
      /** Four words a page; zeros for one of zeros. */
      readonly hashes: SharedArrayBuffer;
      readonly from: number;
      readonly to: number;
    };
export interface ThreadData {
  readonly seed: HashSeed;
}

/** Its own priority only, and only where the agent may: it works without, too. */
function hurry(priority: number): void {
  try {
    setPriority(0, priority);
  } catch {
    // not root
  }
}

function read({ fd, into, from, to }: Extract<ThreadTask, { kind: "read" }>): void {
  hurry(urgent);
  const bytes = new Uint8Array(into);
  for (let at = from; at < to; ) {
    const count = readSync(fd, bytes, at, Math.min(readBytes, to - at), at);
    if (count === 0) throw new Error("the memory ends early");
    at += count;
  }
}

/** What a thread of the agent's does: one task after the other, each answered with "" or with what went wrong. */
export async function serveThread(): Promise<void> {
  const { seed }: ThreadData = workerData;
  const hash = await pageHash(seed);
  parentPort?.on("message", (task: ThreadTask) => {
    let failed = "";
    try {
      if (task.kind === "read") read(task);
      else hashPages(task, hash);
    } catch (error) {
      failed = String(error);
    }
    parentPort?.postMessage(failed);
  });
}

function hashPages(
  { bytes, hashes, from, to }: Extract<ThreadTask, { kind: "hash" }>,
  hash: Awaited<ReturnType<typeof pageHash>>,
): void {
  hurry(modest);
  const pages = Buffer.from(bytes);
  const words = new Uint32Array(hashes);
  const into = new Uint32Array(4);
  for (let at = from; at < to; at += pageBytes) {
    if (zeroPage.compare(pages, at, at + pageBytes) === 0) into.fill(0);
    else hash(pages.subarray(at, at + pageBytes), into);
    words.set(into, (at / pageBytes) * 4);
  }
}
