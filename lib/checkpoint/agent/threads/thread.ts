import { spawnSync } from "node:child_process";
import { readlinkSync, readSync, writeSync } from "node:fs";
import { setPriority } from "node:os";
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { pageBytes } from "../../words.ts";
import { type HashSeed, pageHash } from "../differ/index.ts";
import { collect } from "./collect.ts";

/** What is done about a guest that runs goes after it. */
const modest = 5;
const chrtMs = 5_000;
const readBytes = 1024 * 1024;
const strideBytes = 64 * 1024;
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
      readonly kind: "compare";
      readonly before: SharedArrayBuffer;
      readonly after: SharedArrayBuffer;
      /** One byte a page, zero at first: made 1 where it differs. */
      readonly changed: SharedArrayBuffer;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly kind: "write";
      readonly fd: number;
      readonly bytes: SharedArrayBuffer;
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
/** `first`: before everything on the host; `last`: after the guests. */
/** In the place of tasks: what it has seen of memory that was given up is let go. It is not answered, so that no answer is taken for a task's. */
export const letGo = "let go";
export type Turn = "first" | "usual" | "last";
export interface ThreadData {
  readonly turn: Turn;
  /** To the thread before this one, and to the one after it; null where there is none. */
  readonly before: MessagePort | null;
  readonly next: MessagePort | null;
  readonly seed: HashSeed;
}

/**
 * While a guest stands nothing on its host matters more: this thread goes before all others that are not of that kind (sched(7), SCHED_RR).
 * On a busy host a standstill was ten times as long without. It works without, too.
 */
function goFirst(): void {
  const [, thread] = /task\/(\d+)$/.exec(readlinkSync("/proc/thread-self")) ?? [];
  if (thread !== undefined) spawnSync("chrt", ["--rr", "--pid", "1", thread], { timeout: chrtMs, stdio: "ignore" });
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

/**
 * What a thread of the agent's does: one task after the other, each answered with "" or with what went wrong. It comes in a list: the first
 * is this thread's, the others are for those after it. A thread that goes first takes the processor from whoever wakes it, so the agent
 * itself could wake a second one only when the first has done its part; this one wakes it on another processor.
 */
export async function serveThread(): Promise<void> {
  const { turn, seed, before, next }: ThreadData = workerData;
  if (turn === "first") goFirst();
  else if (turn === "last") goLast();
  const hash = await pageHash(seed);
  const work = ([task, ...others]: readonly ThreadTask[]) => {
    if (task === undefined) return;
    if (others.length > 0) next?.postMessage(others);
    let failed = "";
    try {
      if (task.kind === "read") read(task);
      else if (task.kind === "compare") compare(task);
      else if (task.kind === "write") write(task);
      else hashPages(task, hash);
    } catch (error) {
      failed = String(error);
    }
    parentPort?.postMessage(failed);
  };
  parentPort?.on("message", (given: readonly ThreadTask[] | typeof letGo) =>
    given === letGo ? collect() : work(given),
  );
  before?.on("message", work);
}

/** Mostly nothing has changed: much is looked at at once. */
function compare({ before, after, changed, from, to }: Extract<ThreadTask, { kind: "compare" }>): void {
  const [a, b, flags] = [Buffer.from(before), Buffer.from(after), new Uint8Array(changed)];
  const differs = (at: number, end: number) => a.compare(b, at, end, at, end) !== 0;
  for (let at = from; at < to; at += strideBytes) {
    const end = Math.min(to, at + strideBytes);
    if (!differs(at, end)) continue;
    for (let page = at; page < end; page += pageBytes) if (differs(page, page + pageBytes)) flags[page / pageBytes] = 1;
  }
}

/** To the same place of a file that has nothing yet: pages of zeros are left out. */
function write({ fd, bytes, from, to }: Extract<ThreadTask, { kind: "write" }>): void {
  const pages = Buffer.from(bytes);
  const isZero = (at: number) => zeroPage.compare(pages, at, at + pageBytes) === 0;
  for (let at = from; at < to; ) {
    if (isZero(at)) {
      at += pageBytes;
      continue;
    }
    let end = at + pageBytes;
    while (end < to && end - at < readBytes && !isZero(end)) end += pageBytes;
    while (at < end) at += writeSync(fd, pages, at, end - at, at);
  }
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
