import { readdir } from "node:fs/promises";
import path from "node:path";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { openStore, type StoreOptions } from "./store.ts";
import { disk, memory } from "./testing/captures.ts";
import { Model, putInto } from "./testing/model.ts";
import { directoryForTest } from "./testing/places.ts";

vi.setConfig({ testTimeout: 300_000 });

const seedsFor = (pages: number, most: number) =>
  fc.array(fc.tuple(fc.nat(pages - 1), fc.nat(60)), { maxLength: most }).map((pairs) => new Map(pairs));
/** More pages than a segment holds, all new. */
const many = fc.record({ first: fc.nat(100), from: fc.integer({ min: 1000, max: 100_000 }) });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      vm: fc.nat(2),
      base: fc.option(fc.nat(20)),
      size: fc.integer({ min: 8, max: 20 }),
      few: seedsFor(8, 6),
      disk: seedsFor(300, 40),
      many: fc.option(many, { freq: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("drop" as const), which: fc.array(fc.nat(20), { maxLength: 4 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: "collect" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "reopen" as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function play(steps: readonly Step[], options: StoreOptions): Promise<void> {
  const model = new Model();
  let store = await openStore(options);
  try {
    let turn = 0;
    for (const one of steps) {
      const ids = [...model.held.keys()];
      if (one.kind === "reopen") {
        await store.close();
        store = await openStore(options);
      } else if (one.kind === "collect") await store.collect();
      else if (one.kind === "drop") {
        const which = one.which.flatMap((index) => ids[index] ?? []);
        await store.drop(which);
        for (const id of which) model.held.delete(id);
      } else {
        const vm = `vm_${one.vm}`;
        const own = ids.filter((id) => model.held.get(id)?.vm === vm);
        const base = one.base === null ? null : (own[one.base % Math.max(1, own.length)] ?? null);
        const more = one.many
          ? new Map(
              Array.from({ length: 400 }, (_, index) => [
                index + (one.many?.first ?? 0),
                (one.many?.from ?? 0) + index,
              ]),
            )
          : new Map<number, number>();
        const sent = [
          { volume: memory(one.size), pages: one.few },
          { volume: disk(600), pages: new Map([...more, ...one.disk]) },
        ];
        const id = `c${turn++}`;
        const organization = one.vm === 0 ? null : `org_${one.vm}`;
        const [stored] = await Promise.all([putInto(store, id, vm, base, sent, organization), store.collect()]);
        expect(stored.damaged).toBeNull();
        model.put(id, vm, base, sent);
      }
    }
    expect(await model.wrong(store)).toBeUndefined();
    const ids = [...model.held.keys()];
    for (const [index, id] of ids.entries()) {
      expect(await store.verify(id)).toBe(true);
      expect(await model.differs(store, ids[index - 1] ?? id, id)).toBe(false);
    }
    const { usedBytes } = await store.stats();
    await store.collect();
    expect(await model.wrong(store)).toBeUndefined();
    expect((await store.stats()).usedBytes).toBeLessThanOrEqual(usedBytes);
    await store.drop(ids);
    await store.collect();
    expect(await store.stats()).toMatchObject({ usedBytes: 0, checkpoints: 0 });
    for (const directory of options.directories) expect(await readdir(path.join(directory, "segments"))).toEqual([]);
  } finally {
    await store.close();
  }
}

const runs = { numRuns: 6, endOnFailure: true };
const steps = fc.array(step, { minLength: 3, maxLength: 22 });

test("whatever is put, dropped and collected, in whatever order: what is there is read as it was put", () =>
  fc.assert(
    fc.asyncProperty(steps, async (given) => play(given, { directories: [await directoryForTest()] })),
    runs,
  ));

test("also in two directories, with some organizations encrypted", () =>
  fc.assert(
    fc.asyncProperty(steps, async (given) =>
      play(given, {
        directories: [await directoryForTest(), await directoryForTest()],
        encryption: { key: Buffer.alloc(32, 3), organizations: ["org_1"] },
      }),
    ),
    runs,
  ));
