import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";
import { openStore, type StoreOptions } from "../store.ts";

export async function directoryForTest(parent = tmpdir()): Promise<string> {
  const directory = await mkdtemp(path.join(parent, "belay-store-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export async function storeForTest(options: Partial<StoreOptions> = {}) {
  const store = await openStore({ directories: [await directoryForTest()], ...options });
  onTestFinished(() => store.close());
  return store;
}

/** `count` pages from number `first` on, each with a seed of its own. */
export const seeds = (from: number, count: number, first = 0): Map<number, number> =>
  new Map(Array.from({ length: count }, (_, index) => [first + index, from + index]));
