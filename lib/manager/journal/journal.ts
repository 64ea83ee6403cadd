import { type FileHandle, mkdir, open, readFile, rename } from "node:fs/promises";
import path from "node:path";
import type { z } from "zod";
import { ManagerError, type Notes } from "../servers.ts";
import { applyLine, emptyState, type JournalLine, linesOf, readJournal, type StepState } from "./lines.ts";
import { type Lock, takeLock } from "./lock.ts";

/** What a manager must not forget when it is killed. One process at a time has it open. */
export interface Journal extends Notes {
  /** Done before: its result is read, by `result`, and `work` is not run. `work` may run twice where a run of it was cut off. */
  step<T>(key: string, result: z.ZodType<T>, work: () => Promise<T>): Promise<T>;
  stepOf(key: string): StepState | undefined;
  /** The step, and those below it, are to be done again. */
  undo(key: string): Promise<void>;
  /** Keys of notes, and of steps, that begin so. */
  keys(prefix: string): readonly string[];
  stepKeys(prefix: string): readonly string[];
  /** Resolves when everything is on the disk. Frees the lock. */
  close(): Promise<void>;
}

export interface JournalOptions {
  readonly nowMs?: () => number;
  /** A journal of more bytes than this, most of them out of date, is written anew. */
  readonly compactAboveBytes?: number;
}

export async function openJournal(stateDir: string, options: JournalOptions = {}): Promise<Journal> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const lock = await takeLock(path.join(stateDir, "lock"));
  try {
    return await opened(path.join(stateDir, "journal.jsonl"), lock, options);
  } catch (error) {
    await lock.free();
    throw error;
  }
}

async function opened(file: string, lock: Lock, options: JournalOptions): Promise<Journal> {
  const { nowMs = Date.now, compactAboveBytes = 4 * 1024 * 1024 } = options;
  const bytes = await readFile(file).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  });
  const { state, wholeBytes, damagedLine } = readJournal(bytes);
  if (damagedLine !== null)
    throw new ManagerError({
      code: "journal-damaged",
      message: `The manager's journal ${file} is damaged in line ${damagedLine}.`,
      cure: "Put its last good copy back, or move it away: `belay-manager up` then looks at what is there.",
    });
  let handle = await open(file, "a", 0o600);
  if (wholeBytes < bytes.length) await handle.truncate(wholeBytes);
  let size = wholeBytes;
  let leastSize = 0;
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let failed: unknown;

  async function compacted(): Promise<void> {
    if (size <= compactAboveBytes || size <= 2 * leastSize) return;
    const least = linesOf(state)
      .map((line) => `${JSON.stringify(line)}\n`)
      .join("");
    const fresh = `${file}.new`;
    const next = await open(fresh, "w", 0o600);
    await writeAll(next, least);
    await next.close();
    await rename(fresh, file);
    const directory = await open(path.dirname(file), "r");
    await directory.sync().finally(() => directory.close());
    await handle.close();
    handle = await open(file, "a", 0o600);
    // What came meanwhile is in the state that was written, and written again: each line bears that.
    size = Buffer.byteLength(least);
    leastSize = size;
  }

  /** Lines that come while the disk is busy are written together. */
  function add(line: JournalLine): Promise<void> {
    if (failed !== undefined) return Promise.reject(failed);
    applyLine(state, line);
    waiting.push(`${JSON.stringify(line)}\n`);
    writing = writing.then(async () => {
      if (failed !== undefined) throw failed;
      const batch = waiting;
      waiting = [];
      if (batch.length === 0) return;
      try {
        const text = batch.join("");
        await writeAll(handle, text);
        size += Buffer.byteLength(text);
        await compacted();
      } catch (cause) {
        failed = new ManagerError(
          {
            code: "journal-unwritable",
            message: `The manager's journal ${file} cannot be written.`,
            cure: "Make room on its disk, then start the manager again.",
          },
          { cause },
        );
        throw failed;
      }
    });
    writing.catch(() => {});
    return writing;
  }

  const running = new Map<string, Promise<unknown>>();
  async function begin<T>(key: string, work: () => Promise<T>): Promise<T> {
    await add({ started: key, at: nowMs() });
    const value = await work();
    await add({ done: key, ...(value !== undefined && { value }), at: nowMs() });
    return value;
  }

  return {
    recall: (key) => state.notes.get(key),
    remember: (key, value) => add({ note: key, value }),
    forget: async (key) => {
      if (state.notes.has(key)) await add({ note: key });
    },
    keys: (prefix) => [...state.notes.keys()].filter((key) => key.startsWith(prefix)),
    stepKeys: (prefix) => [...state.steps.keys()].filter((key) => key.startsWith(prefix)),
    stepOf: (key) => state.steps.get(key),
    async undo(key) {
      if ([...state.steps.keys()].some((other) => other === key || other.startsWith(`${key}/`)))
        await add({ undo: key });
    },
    async step(key, result, work) {
      const before = state.steps.get(key)?.done;
      if (before) return result.parse(before.value);
      const going = running.get(key) ?? begin(key, work).finally(() => running.delete(key));
      running.set(key, going);
      return result.parse(await going);
    },
    async close() {
      await writing.catch(() => {});
      await handle.close();
      await lock.free();
    },
  };
}

async function writeAll(handle: FileHandle, text: string): Promise<void> {
  await handle.appendFile(text);
  await handle.datasync();
}

/** What the journal says now, for commands that look only: without its lock, and what they keep is kept nowhere. */
export async function peekJournal(stateDir: string): Promise<Journal> {
  const bytes = await readFile(path.join(stateDir, "journal.jsonl")).catch(() => Buffer.alloc(0));
  return memoryJournal(readJournal(bytes).state);
}

export function memoryJournal(state = emptyState()): Journal {
  return {
    recall: (key) => state.notes.get(key),
    remember: async (key, value) => applyLine(state, { note: key, value }),
    forget: async (key) => applyLine(state, { note: key }),
    keys: (prefix) => [...state.notes.keys()].filter((key) => key.startsWith(prefix)),
    stepKeys: (prefix) => [...state.steps.keys()].filter((key) => key.startsWith(prefix)),
    stepOf: (key) => state.steps.get(key),
    undo: async (key) => applyLine(state, { undo: key }),
    async step(key, result, work) {
      const before = state.steps.get(key)?.done;
      if (before) return result.parse(before.value);
      applyLine(state, { started: key, at: 0 });
      const value = await work();
      applyLine(state, { done: key, value, at: 0 });
      return value;
    },
    close: async () => {},
  };
}
