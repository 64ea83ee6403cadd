import { stat } from "node:fs/promises";
import { expect, onTestFinished, test, vi } from "vitest";
import { type ByteStore, DamagedData, StoreFull } from "../words.ts";
import { connectStore, StoreAway } from "./client.ts";
import { keepStore } from "./keeper.ts";
import { serveStore } from "./server.ts";
import { type StoreSettings, socketOf } from "./settings.ts";
import { capture, disk, factsOf, gathered, isJust, memory } from "./testing/captures.ts";
import { directoryForTest, seeds, storeForTest } from "./testing/places.ts";

vi.setConfig({ testTimeout: 60_000 });

async function kept(more: Partial<StoreSettings> = {}) {
  const settings = { directories: [await directoryForTest()], ...more };
  const told: string[] = [];
  const say = (words: string, facts?: Record<string, unknown>) => void told.push(`${words} ${JSON.stringify(facts)}`);
  const keeper = keepStore(settings, { log: { info: say, warn: say, error: say } });
  onTestFinished(() => keeper.stop());
  return { ...keeper, settings, told };
}

test("a store in a process of its own does what one here does, for several clients", async () => {
  const { store, settings } = await kept();
  const pages = seeds(1, 3000);
  const stored = await store.put(
    capture(factsOf({ checkpoint: "a" }), [
      { volume: memory(4000), pages },
      { volume: disk(9), pages: seeds(1, 9) },
    ]),
  );
  expect(stored).toMatchObject({ wholeBytes: 4009 * 4096, damaged: null });
  expect((await stat(socketOf(settings))).mode & 0o777).toBe(0o600);
  const other = connectStore(socketOf(settings));
  onTestFinished(() => other.close());
  expect(await other.get("a")).toEqual(stored);
  expect(await other.get("b")).toBeUndefined();
  expect(await other.list("vm_one")).toEqual([stored]);
  const both = await Promise.all([
    gathered(store.read("a", "memory/pc.ram")),
    gathered(other.read("a", "memory/pc.ram")),
  ]);
  for (const { pages: read } of both) expect(isJust(read, pages)).toBe(true);
  for await (const _ of other.read("a", "memory/pc.ram")) break; // who has enough holds nobody up
  expect(await other.verify("a")).toBe(true);
  await expect(gathered(other.read("z", "memory/pc.ram"))).rejects.toBeInstanceOf(DamagedData);
  await other.drop(["a"]);
  expect((await other.collect()).freedBytes).toBeGreaterThan(1000);
  expect(await store.stats()).toMatchObject({ usedBytes: 0, checkpoints: 0 });
});

test("a batch of any size is taken, and a capture that fails on either side is told to the other", async () => {
  const { store } = await kept({ maxBytes: 600_000 });
  const link = async function* () {
    yield* [];
    throw new Error("the link broke");
  };
  await expect(store.put(link())).rejects.toThrow("the link broke");
  const big = capture(factsOf({ checkpoint: "a" }), [{ volume: memory(9000), pages: seeds(1, 5000) }]);
  await expect(store.put(big)).rejects.toBeInstanceOf(StoreFull);
  expect(await store.stats()).toMatchObject({ usedBytes: 0, checkpoints: 0 });
  const small = capture(factsOf({ checkpoint: "a" }), [{ volume: memory(9000), pages: seeds(1, 50) }]);
  await store.put(small);
  expect((await store.stats()).checkpoints).toBe(1);
});

test("a reader that does not read holds up no other, and the store sends it no more than it asked for", async () => {
  const local = await storeForTest();
  const file = `${await directoryForTest()}/s.sock`;
  const serving = await serveStore(local, file);
  onTestFinished(() => serving.close());
  const client = connectStore(file);
  onTestFinished(() => client.close());
  await client.put(capture(factsOf({ checkpoint: "a" }), [{ volume: memory(9000), pages: seeds(1, 5000) }]));
  const slow = client.read("a", "memory/pc.ram")[Symbol.asyncIterator]();
  expect((await slow.next()).done).toBe(false);
  expect(isJust((await gathered(client.read("a", "memory/pc.ram"))).pages, seeds(1, 5000))).toBe(true);
  await slow.return?.();
});

test("a store that is killed is there again: calls under way reject, later ones wait for it", async () => {
  const { store, told, pid } = await kept();
  await store.put(capture(factsOf({ checkpoint: "a" }), [{ volume: memory(900), pages: seeds(1, 800) }]));
  const waiting = Promise.withResolvers<void>();
  const stuck = store.put(
    (async function* () {
      yield { kind: "facts" as const, facts: factsOf({ checkpoint: "b" }), volumes: [memory(10)] };
      waiting.resolve();
      await new Promise(() => {}); // a capture whose host says nothing any more
    })(),
  );
  await waiting.promise;
  process.kill(pid() ?? 0, "SIGKILL");
  await expect(stuck).rejects.toBeInstanceOf(StoreAway);
  expect(isJust((await gathered(store.read("a", "memory/pc.ram"))).pages, seeds(1, 800))).toBe(true);
  expect(told.some((words) => words.includes("started again"))).toBe(true);
});

test("an empty store is said at each start, loudly once it is no news, until something is saved", async () => {
  const settings = { directories: [await directoryForTest()] };
  const life = async (work: (store: ByteStore) => Promise<unknown>) => {
    const told: string[] = [];
    const log = {
      info: (words: string) => void told.push(`info: ${words}`),
      warn: (words: string) => void told.push(`warn: ${words}`),
      error: (words: string) => void told.push(`error: ${words}`),
    };
    const keeper = keepStore(settings, { log });
    onTestFinished(() => keeper.stop());
    await work(keeper.store);
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(0), { timeout: 20_000 });
    await keeper.stop();
    return told;
  };
  expect(await life((store) => store.standing())).toEqual([expect.stringContaining("info: a new store")]);
  const save = (store: ByteStore) =>
    store.put(capture(factsOf({ checkpoint: "a" }), [{ volume: memory(9), pages: seeds(1, 6) }]));
  expect(await life(save)).toEqual([expect.stringContaining("warn: the checkpoints' store is empty")]);
  expect(await life((store) => store.standing())).toEqual([
    expect.stringContaining("info: the checkpoints' store is open"),
  ]);
});
