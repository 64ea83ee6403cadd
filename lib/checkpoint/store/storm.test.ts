import { setImmediate } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { findLeaks } from "./leaks.ts";
import { openStore } from "./store.ts";
import { capture, factsOf, gathered, isJust, memory } from "./testing/captures.ts";
import { chance } from "./testing/chance.ts";
import { Model, putInto } from "./testing/model.ts";
import { directoryForTest, seeds } from "./testing/places.ts";

vi.setConfig({ testTimeout: 120_000 });

/** The same image in several VMs: their puts refer to each other's pages while those are written, fail, are dropped and collected. */
test.each([1, 2])(
  "many at once with pages in common, some of which fail, while garbage is taken away (%i)",
  async (seed) => {
    const directory = await directoryForTest();
    const store = await openStore({ directories: [directory] });
    const model = new Model();
    const pick = chance(seed);
    let reads = 0;
    let failures = 0;

    async function vm(name: string): Promise<void> {
      let base: string | null = null;
      for (let turn = 0; turn < 5; turn++) {
        const id = `${name}-${turn}`;
        const sent = [{ volume: memory(3000), pages: seeds(1 + pick(3) * 100, 300 + pick(900), pick(500)) }];
        if (pick(3) === 0) {
          const whole = capture(factsOf({ checkpoint: id, vm: name, base }), sent);
          const broken = (async function* () {
            for await (const frame of whole) {
              if (frame.kind === "end") throw new Error("the link broke");
              yield frame;
            }
          })();
          await expect(store.put(broken)).rejects.toThrow("the link broke");
          failures += 1;
        }
        await putInto(store, id, name, base, sent);
        model.put(id, name, base, sent);
        const pages = model.held.get(id)?.volumes.get("memory/pc.ram")?.pages ?? new Map();
        const reading = gathered(store.read(id, "memory/pc.ram")); // goes on while it is dropped below
        const started = store.get(id);
        if (base !== null && pick(2) === 0) {
          model.held.delete(base);
          await store.drop([base]);
        }
        await started;
        expect(isJust((await reading).pages, pages)).toBe(true);
        reads += 1;
        base = pick(5) === 0 ? null : id;
      }
    }
    let over = false;
    const collecting = (async () => {
      while (!over) {
        await store.collect();
        await setImmediate(); // a collection that finds nothing waits for nothing
      }
    })();
    await Promise.all(["vm_a", "vm_b", "vm_c", "vm_d"].map(vm));
    over = true;
    await collecting;
    expect(await model.wrong(store)).toBeUndefined();
    for (const id of model.held.keys()) expect(await store.verify(id)).toBe(true);
    await store.collect();
    expect(await model.wrong(store)).toBeUndefined();
    await store.close();
    expect(await findLeaks({ directories: [directory] })).toEqual([]);
    expect([reads, failures > 0]).toEqual([20, true]);
  },
);

test("who reads a checkpoint that is dropped meanwhile reads it to its end", async () => {
  const store = await openStore({ directories: [await directoryForTest()] });
  await putInto(store, "a", "vm_a", null, [{ volume: memory(3000), pages: seeds(1, 3000) }]);
  const reading = store.read("a", "memory/pc.ram")[Symbol.asyncIterator]();
  const first = await reading.next();
  await store.drop(["a"]);
  await store.collect();
  const rest = await gathered({ [Symbol.asyncIterator]: () => reading });
  expect(rest.pages.size + (first.done ? 0 : first.value.numbers.length)).toBe(3000);
  await store.collect();
  expect((await store.stats()).usedBytes).toBe(0);
  await store.close();
});
