import { availableParallelism } from "node:os";
import { MessageChannel, Worker } from "node:worker_threads";
import type { HashSeed } from "../differ/index.ts";
import { letGo, type ThreadData, type ThreadTask, type Turn } from "./thread.ts";

const mostThreads = 4;
/** What is less is not worth the wake of another thread. */
const leastBytes = 32 * 1024 * 1024;
const hostPage = 4096;

type Of<K extends ThreadTask["kind"]> = Omit<Extract<ThreadTask, { kind: K }>, "kind" | "from" | "to">;

/** Does what takes long beside the agent's own thread, which must always hear when a guest is to be let go. */
export class Threads {
  readonly #script: URL;
  readonly #seed: HashSeed;
  readonly #all = new Map<Turn, Thread[]>();

  /** `script` calls `serveThread` where it is not the main thread. */
  constructor(script: URL, seed: HashSeed) {
    this.#script = script;
    this.#seed = seed;
  }

  #row(turn: Turn): readonly Thread[] {
    const known = this.#all.get(turn);
    if (known?.every((it) => !it.isDead)) return known;
    const count = Math.min(mostThreads, availableParallelism());
    const links = Array.from({ length: count - 1 }, () => new MessageChannel());
    const row = Array.from({ length: count }, (_, i) => {
      const ports = { before: links[i - 1]?.port2 ?? null, next: links[i]?.port1 ?? null };
      const workerData: ThreadData = { turn, seed: this.#seed, ...ports };
      const transferList = [ports.before, ports.next].filter((it) => it !== null);
      return new Thread(new Worker(this.#script, { workerData, transferList }));
    });
    this.#all.set(turn, row);
    return row;
  }

  /** Resolves when those that a guest waits for are there. */
  async begin(): Promise<void> {
    const known = this.#all.get("first");
    const row = this.#row("first");
    if (row === known) return;
    const all = Promise.all(row.map((it) => it.done()));
    const nothing: ThreadTask = { kind: "read", fd: -1, into: new SharedArrayBuffer(0), from: 0, to: 0 };
    row[0]?.give(row.map(() => nothing));
    await all;
  }

  /** Of memory that nobody needs any more each may still have what it was handed. */
  letGo(): void {
    for (const it of [...this.#all.values()].flat()) it.letGo();
  }

  async end(): Promise<void> {
    await Promise.all([...this.#all.values()].flat().map((it) => it.end()));
  }

  /** The bytes from `from` to `to` of a file, to the same place of `into`. For what a guest waits for. Throws where it ends before. */
  read(task: Of<"read">, from: number, to: number): Promise<void> {
    return this.#each("first", from, to, (part) => ({ kind: "read", ...task, ...part }));
  }

  /** Which pages from `from` to `to` differ. */
  compare(task: Of<"compare">, from: number, to: number): Promise<void> {
    return this.#each("last", from, to, (part) => ({ kind: "compare", ...task, ...part }));
  }

  /** The bytes from `from` to `to`, to the same place of a file that is empty. */
  write(task: Of<"write">, from: number, to: number): Promise<void> {
    return this.#each("usual", from, to, (part) => ({ kind: "write", ...task, ...part }));
  }

  /** Of the pages from `from` to `to`. */
  hash(task: Of<"hash">, from: number, to: number): Promise<void> {
    return this.#each("last", from, to, (part) => ({ kind: "hash", ...task, ...part }));
  }

  async #each(
    turn: Turn,
    from: number,
    to: number,
    make: (part: { from: number; to: number }) => ThreadTask,
  ): Promise<void> {
    const threads = this.#row(turn).slice(0, Math.max(1, Math.floor((to - from) / leastBytes)));
    const part = Math.ceil((to - from) / threads.length / hostPage) * hostPage;
    const tasks = threads.map((_, i) => {
      const begin = Math.min(to, from + i * part);
      return make({ from: begin, to: Math.min(to, begin + part) });
    });
    const all = Promise.all(threads.map((it) => it.done()));
    threads[0]?.give(tasks);
    await all;
  }
}

/** Tasks are done in the order in which they were given. */
class Thread {
  readonly #worker: Worker;
  readonly #waiting: { readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #dead: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.unref();
    worker.on("message", (failed: unknown) => {
      const first = this.#waiting.shift();
      if (failed === "") first?.resolve();
      else first?.reject(new Error(String(failed)));
    });
    worker.on("error", (error) => this.#ended(error));
    worker.on("exit", () => this.#ended(new Error("a thread of the agent's ended")));
  }

  get isDead(): boolean {
    return this.#dead !== undefined;
  }

  #ended(error: unknown): void {
    this.#dead ??= error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#waiting.splice(0)) reject(this.#dead);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  /** The first for this thread, the others for those after it. */
  give(tasks: readonly ThreadTask[]): void {
    this.#worker.postMessage(tasks);
  }

  letGo(): void {
    this.#worker.postMessage(letGo);
  }

  /** When it has done what it is given next. */
  done(): Promise<void> {
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }
}
