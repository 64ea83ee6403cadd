import { execFile } from "node:child_process";
import { readlinkSync, readSync } from "node:fs";
import { setPriority } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { pageBytes } from "../../words.ts";
import { type HashSeed, pageHash } from "../differ/index.ts";

/** What is done about a guest that runs goes after it. */
const modest = 5;
const chrtMs = 5_000;
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
/** A thread is for one kind of task. */
export interface ThreadData {
  readonly kind: ThreadTask["kind"];
  readonly seed: HashSeed;
}

/**
 * While a guest stands nothing on its host matters more: this thread goes before all others that are not of that kind (sched(7), SCHED_RR).
 * On a busy host a standstill was ten times as long without.
 */
function goFirst(): void {
  const [, thread] = /task\/(\d+)$/.exec(readlinkSync("/proc/thread-self")) ?? [];
  if (thread !== undefined) execFile("chrt", ["--rr", "--pid", "1", thread], { timeout: chrtMs }, () => undefined); // it works without, too
}

/** This thread's own priority, where it may: it works without, too. */
function goLast(): void {
  try {
    setPriority(0, modest);
  } catch {
    // not allowed
  }
}

function read({ fd, into, from, to }: Extract<ThreadTask, { kind: "read" }>): void {
  const bytes = new Uint8Array(into);
  for (let at = from; at < to; ) {
    const count = readSync(fd, bytes, at, Math.min(readBytes, to - at), at);
    if (count === 0) throw new Error("the memory ends early");
    at += count;
  }
}

/** What a thread of the agent's does: one task after the other, each answered with "" or with what went wrong. */
export async function serveThread(): Promise<void> {
  const { kind, seed }: ThreadData = workerData;
  if (kind === "read") goFirst();
  else goLast();
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
  const pages = Buffer.from(bytes);
  const words = new Uint32Array(hashes);
  const into = new Uint32Array(4);
  for (let at = from; at < to; at += pageBytes) {
    if (zeroPage.compare(pages, at, at + pageBytes) === 0) into.fill(0);
    else hash(pages.subarray(at, at + pageBytes), into);
    words.set(into, (at / pageBytes) * 4);
  }
}
