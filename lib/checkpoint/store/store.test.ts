import { readdir } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { DamagedData } from "../words.ts";
import { openStore } from "./store.ts";
import { capture, disk, factsOf, gathered, isJust, memory } from "./testing/captures.ts";
import { directoryForTest, seeds, storeForTest } from "./testing/places.ts";

vi.setConfig({ testTimeout: 60_000 });
test("what was put is read again, base by base, and since any of them", async () => {
  const store = await storeForTest();
  const first = seeds(1, 700);
  await store.put(
    capture(factsOf({ checkpoint: "a" }), [
      { volume: memory(1000), pages: first },
      { volume: disk(10), pages: new Map([[9, 5]]) },
    ]),
  );
  const change = new Map([
    [3, 0],
    [4, 9999],
    [999, 3],
  ]);
  const stored = await store.put(
    capture(
      factsOf({ checkpoint: "b", base: "a" }),
      [
        { volume: memory(1000), pages: change },
        { volume: disk(10), pages: new Map() },
      ],
      2,
    ),
  );
  expect(stored.storedRawBytes).toBeLessThan(3 * 4096);
  const now = new Map([...first, [4, 9999], [999, 3]].filter(([number]) => number !== 3) as [number, number][]);
  expect(isJust((await gathered(store.read("b", "memory/pc.ram"))).pages, now)).toBe(true);
  expect(isJust((await gathered(store.read("a", "memory/pc.ram"))).pages, first)).toBe(true);
  expect(isJust((await gathered(store.read("b", "memory/pc.ram", "a"))).pages, change)).toBe(true);
  expect(isJust((await gathered(store.read("b", "disk/vda"))).pages, new Map([[9, 5]]))).toBe(true);
  expect((await gathered(store.read("b", "disk/vda", "a"))).pages.size).toBe(0);
  expect((await store.list("vm_one")).map(({ facts }) => facts.checkpoint)).toEqual(["b", "a"]);
  expect(await store.verify("b")).toBe(true);
});

test("a base that was dropped stays as far as others need it, and goes when they do", async () => {
  const store = await storeForTest();
  const put = (checkpoint: string, base: string | null, pages: ReadonlyMap<number, number>) =>
    store.put(capture(factsOf({ checkpoint, base }), [{ volume: memory(2000), pages }]));
  await put("a", null, seeds(1, 1024));
  await put("b", "a", seeds(5001, 800)); // most of a's pages are overwritten
  const before = await store.stats();
  await store.drop(["a", "never"]);
  expect(await store.get("a")).toBeUndefined();
  await expect(gathered(store.read("a", "memory/pc.ram"))).rejects.toBeInstanceOf(DamagedData);
  const { freedBytes } = await store.collect();
  expect(freedBytes).toBeGreaterThan(500_000);
  expect((await store.stats()).usedBytes).toBe(before.usedBytes - freedBytes);
  const all = new Map([...seeds(1, 1024), ...seeds(5001, 800)]);
  expect(isJust((await gathered(store.read("b", "memory/pc.ram"))).pages, all)).toBe(true);
  await store.drop(["b"]);
  await store.collect();
  expect(await store.stats()).toMatchObject({ usedBytes: 0, checkpoints: 0 });
});

test("a long chain is short on disk: every checkpoint is read as it was, after a restart and after drops too", async () => {
  const directory = await directoryForTest();
  let store = await openStore({ directories: [directory] });
  const want = new Map<string, Map<number, number>>();
  let now = seeds(1, 3000);
  for (let turn = 0; turn < 60; turn++) {
    const change = turn === 0 ? now : seeds(100_000 + turn * 10, 3, (turn * 37) % 2990);
    now = new Map([...now, ...change]);
    want.set(`c${turn}`, now);
    await store.put(
      capture(factsOf({ checkpoint: `c${turn}`, base: turn === 0 ? null : `c${turn - 1}` }), [
        { volume: memory(3000), pages: change },
      ]),
    );
  }
  await store.drop(Array.from({ length: 50 }, (_, turn) => `c${turn}`));
  await store.collect();
  await store.close();
  expect((await readdir(path.join(directory, "manifests"))).length).toBeLessThan(30);
  store = await openStore({ directories: [directory] });
  onTestFinished(() => store.close());
  for (let turn = 50; turn < 60; turn++)
    expect(
      isJust((await gathered(store.read(`c${turn}`, "memory/pc.ram"))).pages, want.get(`c${turn}`) ?? new Map()),
    ).toBe(true);
  expect(await store.verify("c59")).toBe(true);
});

test("equal pages of two VMs are stored once, and no others than they", async () => {
  const store = await storeForTest();
  await store.put(capture(factsOf({ checkpoint: "a" }), [{ volume: memory(4000), pages: seeds(1, 2000) }]));
  const second = factsOf({ checkpoint: "b", vm: "vm_two", organization: "org_two" });
  const stored = await store.put(capture(second, [{ volume: memory(4000), pages: seeds(1, 2010) }]));
  expect(stored.storedRawBytes).toBeLessThan(2000 * 9 + 10 * 4096 + 4000);
  await store.drop(["a"]);
  await store.collect();
  expect(isJust((await gathered(store.read("b", "memory/pc.ram"))).pages, seeds(1, 2010))).toBe(true);
});

test("the same id twice is one checkpoint, also at once", async () => {
  const store = await storeForTest();
  const one = () => store.put(capture(factsOf({ checkpoint: "a" }), [{ volume: memory(10), pages: seeds(1, 5) }]));
  const [first, second] = await Promise.all([one(), one()]);
  expect(await one()).toEqual(first);
  expect(second).toEqual(first);
  expect((await store.stats()).checkpoints).toBe(1);
});

test("of a capture that is cut short, or wrong, nothing stays", async () => {
  const store = await storeForTest();
  async function* cutShort() {
    for await (const frame of capture(factsOf({ checkpoint: "a" }), [{ volume: memory(900), pages: seeds(1, 800) }]))
      if (frame.kind !== "end") yield frame;
  }
  async function* broken() {
    yield* cutShort();
    throw new Error("the link broke");
  }
  await expect(store.put(cutShort())).rejects.toThrow("cut short");
  await expect(store.put(broken())).rejects.toThrow("the link broke");
  await expect(
    store.put(capture(factsOf({ checkpoint: "a" }), [{ volume: memory(4), pages: seeds(1, 5) }])),
  ).rejects.toThrow("past the end");
  await expect(store.put(capture(factsOf({ checkpoint: "../a" }), []))).rejects.toThrow("no id");
  await expect(store.put(capture(factsOf({ checkpoint: "a", base: "z" }), []))).rejects.toBeInstanceOf(DamagedData);
  expect(await store.stats()).toMatchObject({ usedBytes: 0, checkpoints: 0 });
});

test("a volume that shrinks and grows again is zero where it was cut", async () => {
  const store = await storeForTest();
  const put = (checkpoint: string, base: string | null, pages: number) =>
    store.put(
      capture(factsOf({ checkpoint, base }), [
        { volume: memory(pages), pages: base === null ? seeds(1, pages) : new Map() },
      ]),
    );
  await put("a", null, 20);
  await put("b", "a", 5);
  await put("c", "b", 20);
  expect(isJust((await gathered(store.read("c", "memory/pc.ram"))).pages, seeds(1, 5))).toBe(true);
});

test("a second process is refused", async () => {
  const directory = await directoryForTest();
  const store = await openStore({ directories: [directory] });
  await expect(openStore({ directories: [directory] })).rejects.toThrow("open");
  await store.close();
  await (await openStore({ directories: [directory] })).close();
});

test("a store that is closed waits for no host: puts under way are undone", async () => {
  const directory = await directoryForTest();
  const store = await openStore({ directories: [directory] });
  const waiting = Promise.withResolvers<void>();
  const stuck = store.put(
    (async function* () {
      for await (const frame of capture(factsOf({ checkpoint: "a" }), [{ volume: memory(900), pages: seeds(1, 800) }]))
        if (frame.kind !== "end") yield frame;
      waiting.resolve();
      await new Promise(() => {});
    })(),
  );
  stuck.catch(() => {});
  await waiting.promise;
  await store.close();
  await expect(stuck).rejects.toThrow("closed");
  await expect(store.collect()).rejects.toThrow("closed");
  expect(await readdir(path.join(directory, "segments"))).toEqual([]);
});
