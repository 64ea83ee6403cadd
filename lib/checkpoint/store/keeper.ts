import { spawn } from "node:child_process";
import { getPriority, setPriority } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Log } from "../../engine/ports.ts";
import type { ByteStore } from "../words.ts";
import { connectStore } from "./client.ts";
import { serveStore } from "./server.ts";
import { optionsOf, type StoreSettings, socketOf } from "./settings.ts";
import { type LocalStore, openStore } from "./store.ts";

export interface KeptStore {
  readonly store: ByteStore;
  /** Of the process that has it open; undefined: none now. */
  pid(): number | undefined;
  stop(): Promise<void>;
}

const program = path.join(import.meta.dirname, "process.ts");
/** glibc would keep what was freed of pages on their way: a gibibyte after a large put. Others do not know these names. */
const allocator = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" };
const firstPauseMs = 200;
const mostPauseMs = 10_000;
/** A process that ran this long did not fail by its start. */
const steadyMs = 30_000;
const stopMs = 3_000;
const storeNice = 10;
const mostWords = 4_000;

const lineSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("ready"), isNew: z.boolean(), isEmpty: z.boolean() }),
  z.object({ kind: z.literal("damage"), words: z.string(), checkpoints: z.array(z.string()) }),
]);

function isOpen({ isNew, isEmpty }: Pick<LocalStore, "isNew" | "isEmpty">, log: Log): void {
  if (isNew) log.info("a new store of checkpoints was made: if there was one before, its disk is not mounted");
  else if (isEmpty) log.warn("the checkpoints' store is empty: if anything was saved before, its disk is not mounted");
  else log.info("the checkpoints' store is open");
}

function hear(line: string, log: Log): void {
  const parsed = lineSchema.safeParse(JSON.parse(line));
  if (!parsed.success) return;
  if (parsed.data.kind === "ready") isOpen(parsed.data, log);
  else
    log.error("the checkpoints' store found damage", {
      found: parsed.data.words,
      damagedCheckpoints: parsed.data.checkpoints,
    });
}

/** One life of the store's process. */
function life(settings: StoreSettings, log: Log) {
  const child = spawn(process.execPath, [program, JSON.stringify(settings)], {
    env: { ...process.env, ...allocator },
    stdio: ["pipe", "pipe", "pipe"],
  });
  try {
    // At once: the threads that it makes are then as it is. Compressing must slow down nobody who serves.
    if (child.pid !== undefined) setPriority(child.pid, Math.min(19, getPriority() + storeNice));
  } catch {
    // Then it works as everybody does.
  }
  child.stdin.on("error", () => {});
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = (words + text).slice(-mostWords);
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    try {
      hear(line, log);
    } catch {
      log.warn("the checkpoints' store said something else", { line: line.slice(0, 200) });
    }
  });
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(String(error)));
    child.once("close", (code, signal) => resolve(`${signal ?? `code ${code}`} ${words}`.trim()));
  });
  return { child, ended };
}

/** Runs the store as a process of its own, starts it again with growing pauses when it dies, and gives a client of it. */
export function keepStore(
  settings: StoreSettings,
  options: { readonly log: Log; readonly waitMs?: number },
): KeptStore {
  const { log } = options;
  const stopping = Promise.withResolvers<"stop">();
  let stopped = false;
  let current: ReturnType<typeof life> | undefined;

  async function run(): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!stopped) {
      const begun = performance.now();
      current = life(settings, log);
      const why = await current.ended;
      if (stopped) return;
      if (performance.now() - begun > steadyMs) pauseMs = firstPauseMs;
      log.error("the checkpoints' store ended; it is started again", { why, pauseMs });
      const pause = Promise.withResolvers<void>();
      const timer = setTimeout(pause.resolve, pauseMs);
      await Promise.race([pause.promise, stopping.promise]);
      clearTimeout(timer);
      pauseMs = Math.min(mostPauseMs, pauseMs * 2);
    }
  }
  const running = run();
  const store = connectStore(socketOf(settings), { waitMs: options.waitMs });
  return {
    store,
    pid: () => current?.child.pid,
    async stop() {
      stopped = true;
      stopping.resolve("stop");
      await store.close();
      current?.child.stdin.end();
      const timer = setTimeout(() => current?.child.kill("SIGKILL"), stopMs); // as good as any end: see the README
      await running;
      clearTimeout(timer);
    },
  };
}

/** The store in this process, for others on this machine: `--role store` alone. */
export async function runStore(settings: StoreSettings, log: Log): Promise<KeptStore> {
  const options = await optionsOf(settings);
  const store = await openStore({
    ...options,
    lockWaitMs: 20_000,
    onDamage: ({ words, checkpoints }) =>
      log.error("the checkpoints' store found damage", { found: words, damagedCheckpoints: checkpoints }),
  });
  isOpen(store, log);
  const serving = await serveStore(store, socketOf(settings)).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  return {
    store,
    pid: () => process.pid,
    async stop() {
      await serving.close();
      await store.close();
    },
  };
}
