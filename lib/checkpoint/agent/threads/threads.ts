import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { HashSeed } from "../differ/index.ts";
import type { ThreadData, ThreadTask, Turn } from "./thread.ts";

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

  #some(turn: Turn, bytes: number): readonly Thread[] {
    const data: ThreadData = { turn, seed: this.#seed };
    const make = () => new Thread(new Worker(this.#script, { workerData: data }));
    const all = this.#all.get(turn) ?? Array.from({ length: Math.min(mostThreads, availableParallelism()) }, make);
    this.#all.set(turn, all);
    return all.slice(0, Math.max(1, Math.floor(bytes / leastBytes)));
  }

  /** The first use is slow: threads must begin. */
  begin(): void {
    this.#some("first", 0);
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
    const threads = this.#some(turn, to - from);
    const part = Math.ceil((to - from) / threads.length / hostPage) * hostPage;
    await Promise.all(
      threads.map((thread, i) =>
        thread.do(make({ from: from + i * part, to: Math.max(from + i * part, Math.min(to, from + (i + 1) * part)) })),
      ),
    );
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

  #ended(error: unknown): void {
    this.#dead ??= error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#waiting.splice(0)) reject(this.#dead);
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  do(task: ThreadTask): Promise<void> {
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(task);
    });
  }
}
