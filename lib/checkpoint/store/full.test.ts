import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { StoreFull } from "../words.ts";
import { openStore, type StoreOptions } from "./store.ts";
import { gathered, isJust, memory } from "./testing/captures.ts";
import { putInto } from "./testing/model.ts";
import { directoryForTest, seeds } from "./testing/places.ts";

vi.setConfig({ testTimeout: 60_000 });

function smallDisk(directory: string, mebibytes: number): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "none", directory], { stdio: "ignore" });
  } catch {
    return false; // only root may
  }
  onTestFinished(() => void execFileSync("umount", ["-l", directory], { stdio: "ignore" }));
  return true;
}

async function fillsUp(directory: string, options: Partial<StoreOptions>): Promise<void> {
  const store = await openStore({ directories: [directory], ...options });
  const put = (id: string, from: number) =>
    putInto(store, id, "vm_1", null, [{ volume: memory(900), pages: seeds(from, 700) }]);
  const files = async () => (await readdir(directory, { recursive: true })).sort();
  const held: number[] = [];
  for (let turn = 0; ; turn++) {
    const before = await files();
    const used = (await store.stats()).usedBytes;
    const failed = await put(`c${turn}`, 1 + turn * 1000).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!failed) {
      held.push(turn);
      expect(turn).toBeLessThan(20);
      continue;
    }
    expect(failed).toBeInstanceOf(StoreFull);
    expect(await files()).toEqual(before);
    expect((await store.stats()).usedBytes).toBe(used);
    expect(await store.get(`c${turn}`)).toBeUndefined();
    break;
  }
  expect(held.length).toBeGreaterThan(0);
  for (const turn of held)
    expect(isJust((await gathered(store.read(`c${turn}`, "memory/pc.ram"))).pages, seeds(1 + turn * 1000, 700))).toBe(
      true,
    );
  await store.drop(["c0"]);
  expect((await store.collect()).freedBytes).toBeGreaterThan(1_000_000);
  await put("again", 50_001);
  expect(await store.verify("again")).toBe(true);
  await store.close();
}

test("with a limit of its own", async () => fillsUp(await directoryForTest(), { maxBytes: 5_000_000 }));

test("on a disk that is full", async ({ skip }) => {
  const directory = await directoryForTest();
  if (!smallDisk(directory, 5)) skip("tmpfs can be mounted by root alone");
  await fillsUp(directory, {});
});

test("on a disk of which a part is to stay free", async ({ skip }) => {
  const directory = await directoryForTest();
  if (!smallDisk(directory, 8)) skip("tmpfs can be mounted by root alone");
  await fillsUp(directory, { reserveBytes: 3 * 1024 * 1024 });
});

test("two disks are filled one like the other", async ({ skip }) => {
  const directories = [await directoryForTest(), await directoryForTest()];
  for (const directory of directories) if (!smallDisk(directory, 8)) skip("tmpfs can be mounted by root alone");
  const store = await openStore({ directories });
  await putInto(store, "a", "vm_1", null, [{ volume: memory(3000), pages: seeds(1, 2000) }]);
  for (const directory of directories)
    expect((await readdir(path.join(directory, "segments"))).length).toBeGreaterThan(1);
  expect(await store.verify("a")).toBe(true);
  await store.close();
  await expect(openStore({ directories: directories.slice(0, 1) })).rejects.toThrow("not named");
});
