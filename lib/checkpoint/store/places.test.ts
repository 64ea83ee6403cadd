import { cp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test, vi } from "vitest";
import { NotSure } from "../words.ts";
import { openStore, type StoreOptions } from "./store.ts";
import { memory } from "./testing/captures.ts";
import { putInto } from "./testing/model.ts";
import { directoryForTest, seeds } from "./testing/places.ts";

vi.setConfig({ testTimeout: 60_000 });

const pages = [{ volume: memory(3000), pages: seeds(1, 2000) }];

async function opens(directories: StoreOptions["directories"]): Promise<void> {
  await (await openStore({ directories })).close();
}

/** A store in three directories, with two checkpoints. `old`: its marks do not say which one is the home. */
async function three(old = false) {
  const directories = [await directoryForTest(), await directoryForTest(), await directoryForTest()];
  const [a = "", b = "", c = ""] = directories;
  const store = await openStore({ directories });
  await putInto(store, "one", "vm_one", null, pages);
  await putInto(store, "two", "vm_one", "one", [{ volume: memory(3000), pages: seeds(5001, 900) }]);
  await store.close();
  if (old)
    for (const directory of directories) {
      const { home: _, ...mark } = JSON.parse(await markOf(directory));
      await writeFile(path.join(directory, "store.json"), JSON.stringify(mark));
    }
  return { a, b, c };
}
const markOf = (directory: string) => readFile(path.join(directory, "store.json"), "utf8");
const filesOf = async (...directories: readonly string[]) =>
  (await Promise.all(directories.map((directory) => readdir(directory, { recursive: true })))).map((it) => it.sort());

test.each([false, true])("only the home is opened as the home, whatever its marks say (old marks: %s)", async (old) => {
  const { a, b, c } = await three(old);
  const before = [await filesOf(a, b, c), await markOf(b)];
  for (const wrong of [[b, a, c], [b], [c, b], [b, c, a]])
    await expect(opens(wrong)).rejects.toThrow("further directory");
  await expect(opens([a, b, c, b])).rejects.toThrow("twice");
  expect([await filesOf(a, b, c), await markOf(b)]).toEqual(before);

  const empty = await directoryForTest();
  await expect(opens([empty, a, b, c])).rejects.toThrow("another store");
  expect(await readdir(empty)).toEqual([]);

  for (const right of [
    [a, b, c],
    [a, c, b],
  ]) {
    const store = await openStore({ directories: right });
    for (const id of ["one", "two"]) expect(await store.verify(id)).toBe(true);
    expect(await store.collect()).toEqual({ freedBytes: 0 });
    await store.close();
  }
});

test("a directory that says that it is further is not the home, though it has manifests", async () => {
  const { a, b, c } = await three();
  await cp(path.join(a, "manifests"), path.join(b, "manifests"), { recursive: true });
  await expect(opens([b, a, c])).rejects.toThrow("to be named first");
  await expect(opens([a, b, c])).rejects.toThrow("to be named first");
});

test("saved states whose store lost its mark, or its manifests, are not taken for another store's", async () => {
  const { a, b, c } = await three();
  const mark = await markOf(a);
  await rm(path.join(a, "store.json"));
  for (const directories of [[a], [a, b, c]]) await expect(opens(directories)).rejects.toThrow("store");
  await expect(markOf(a)).rejects.toThrow("ENOENT");
  await writeFile(path.join(a, "store.json"), mark);
  await opens([a, b, c]);
  await rm(path.join(a, "manifests"), { recursive: true });
  await expect(opens([a, b, c])).rejects.toThrow("the list of the saved states, is gone");
});

test("while the disk of its home is away nothing is freed on the others, and nothing is lost when it is back", async () => {
  const { a, b, c } = await three();
  const store = await openStore({ directories: [a, b, c] });
  await store.ready;
  await rename(path.join(a, "manifests"), path.join(a, "away"));
  const before = await filesOf(b, c);
  await expect(store.collect()).rejects.toThrow("ENOENT");
  await expect(store.verify("one")).rejects.toBeInstanceOf(NotSure);
  expect(await filesOf(b, c)).toEqual(before);
  expect((await store.standing()).damaged).toEqual([]);
  await rename(path.join(a, "away"), path.join(a, "manifests"));
  expect(await store.verify("one")).toBe(true);
  await store.collect();
  for (const id of ["one", "two"]) expect(await store.verify(id)).toBe(true);
  await store.close();
});

test("a single directory that lost its mark is left as it is", async () => {
  const a = await directoryForTest();
  const store = await openStore({ directories: [a] });
  await putInto(store, "one", "vm_one", null, pages);
  await store.close();
  const mark = await markOf(a);
  await rm(path.join(a, "store.json"));
  await expect(opens([a])).rejects.toThrow("put that file back");
  await writeFile(path.join(a, "store.json"), mark);
  await opens([a]);
});
