import { expect, test, vi } from "vitest";
import type { CaptureFrame } from "../words.ts";
import { capture, factsOf, gathered, isJust, memory } from "./testing/captures.ts";
import { putInto } from "./testing/model.ts";
import { seeds, storeForTest } from "./testing/places.ts";

vi.setConfig({ testTimeout: 60_000 });
const all = seeds(1, 6000);
const sent = (pages: ReadonlyMap<number, number>) => [{ volume: memory(6000), pages }];

/** All pages, in batches, each after others had their turn: so that a collection gets between them. */
async function* inTurns(checkpoint: string, between: () => Promise<void>): AsyncGenerator<CaptureFrame> {
  for (let start = 0; start < 6000; start += 100) {
    const some = new Map([...all].slice(start, start + 100));
    for await (const frame of capture(factsOf({ checkpoint, vm: "vm_two" }), sent(some))) {
      if (frame.kind === "pages" || (frame.kind === "facts" && start === 0)) yield frame;
      if (frame.kind === "end" && start === 5900) yield frame;
    }
    await between();
  }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("a page that is garbage when a put refers to it stays for that put", async () => {
  const store = await storeForTest();
  await putInto(store, "a", "vm_one", null, sent(all));
  await store.drop(["a"]);
  const begun = Promise.withResolvers<void>();
  const putting = store.put(
    inTurns("b", async () => {
      begun.resolve();
      await turn();
    }),
  );
  await begun.promise;
  await store.collect();
  await putting;
  await store.collect();
  expect(isJust((await gathered(store.read("b", "memory/pc.ram"))).pages, all)).toBe(true);
});

test("a page that is being taken out of its segment is not referred to any more", async () => {
  const store = await storeForTest();
  await putInto(store, "a", "vm_one", null, sent(all));
  const fourth = new Map([...all].filter(([number]) => number % 4 === 0));
  await putInto(store, "b", "vm_one", null, sent(fourth));
  await store.drop(["a"]);
  const collecting = store.collect();
  await store.put(inTurns("c", turn));
  await collecting;
  await store.collect();
  expect(isJust((await gathered(store.read("b", "memory/pc.ram"))).pages, fourth)).toBe(true);
  expect(isJust((await gathered(store.read("c", "memory/pc.ram"))).pages, all)).toBe(true);
});

test("what a put wrote and another one refers to stays when the first one fails", async () => {
  const store = await storeForTest();
  const fail = Promise.withResolvers<void>();
  const first = store.put(
    (async function* () {
      for await (const frame of capture(factsOf({ checkpoint: "a" }), sent(all))) {
        if (frame.kind !== "end") yield frame;
        else await fail.promise;
      }
      throw new Error("the link broke");
    })(),
  );
  first.catch(() => {});
  await vi.waitUntil(async () => (await store.stats()).usedBytes > 5_000_000, { timeout: 30_000 });
  const second = await putInto(store, "b", "vm_two", null, sent(all));
  expect(second.storedRawBytes).toBeLessThan(15_000_000); // much of it is the first one's
  fail.resolve();
  await expect(first).rejects.toThrow("the link broke");
  expect(isJust((await gathered(store.read("b", "memory/pc.ram"))).pages, all)).toBe(true);
  await store.drop(["b"]);
  await store.collect();
  expect((await store.stats()).usedBytes).toBe(0);
});
