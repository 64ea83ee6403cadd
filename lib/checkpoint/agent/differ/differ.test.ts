import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type PageBatch, pageBytes } from "../../words.ts";
import { Batcher } from "./batcher.ts";
import { newSeed, pageHash } from "./hash.ts";
import type { HashPage, PageTable } from "./page-table.ts";
import { Tables } from "./tables.ts";
import { type BaseKnown, VolumeDiffer } from "./volume-differ.ts";

let hash: HashPage;
beforeAll(async () => {
  hash = await pageHash(newSeed());
});

const pageOf = (fill: number) => Buffer.alloc(pageBytes, fill);
const volume = { name: "memory/pc.ram", sizeBytes: 20 * pageBytes };

/** One capture: its pages are told in this order, those that are left out are zero. Answers what was emitted, and the table. */
function captured(
  order: readonly (readonly [page: number, fill: number])[],
  base: BaseKnown,
  sizeBytes = volume.sizeBytes,
) {
  const batches: PageBatch[] = [];
  const differ = new VolumeDiffer({ ...volume, sizeBytes }, base, hash, (batch) => batches.push(batch));
  for (const [page, fill] of order) differ.unknownPage(page, pageOf(fill), 0);
  differ.zeroUnseen();
  differ.flush();
  return { table: differ.table, emitted: emittedOf(batches), changedPages: differ.changedPages };
}

function emittedOf(batches: readonly PageBatch[]): Map<number, number> {
  const found = new Map<number, number>();
  for (const { numbers, zero, data } of batches) {
    let at = 0;
    for (const [i, page] of numbers.entries()) {
      expect(page).toBeGreaterThan(numbers[i - 1] ?? -1);
      found.set(page, zero[i] ? 0 : (data[at] ?? -1));
      if (!zero[i]) at += pageBytes;
    }
    expect(at).toBe(data.length);
  }
  return found;
}

const state = fc.uniqueArray(fc.tuple(fc.nat(19), fc.nat(3)), { selector: ([page]) => page, maxLength: 20 });

describe("the differ", () => {
  it("gives what makes each state out of the one before, and no page that is the same", () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 6 }), (states) => {
        let base: BaseKnown = "zero";
        const held = new Map<number, number>();
        for (const order of states) {
          const { table, emitted, changedPages } = captured(order, base);
          const wanted = new Map(order.filter(([, fill]) => fill !== 0));
          for (const [page, fill] of emitted) {
            expect(held.get(page) ?? 0).not.toBe(fill);
            if (fill === 0) held.delete(page);
            else held.set(page, fill);
          }
          expect(new Map([...held].sort())).toEqual(new Map([...wanted].sort()));
          expect(changedPages).toBe([...emitted.values()].filter(Boolean).length);
          base = table;
        }
      }),
    );
  });

  it("leaves the base's table as it was: a capture that fails changes nothing", () => {
    const { table } = captured([[3, 7]], "zero");
    captured(
      [
        [3, 8],
        [4, 1],
      ],
      table,
    );
    expect(captured([[3, 7]], table).emitted).toEqual(new Map());
  });

  it("names every page where the base is not known", () => {
    const { emitted } = captured([[3, 7]], "unknown");
    expect(emitted.size).toBe(20);
    expect(emitted.get(3)).toBe(7);
  });

  it("forgets what was behind the end of a volume that became smaller", () => {
    const first = captured([[19, 7]], "zero").table;
    const small = captured([], first, 10 * pageBytes).table;
    expect(captured([[19, 7]], small).emitted.get(19)).toBe(7);
  });

  it("counts the last coming of a page that comes again, also where it is as before in the end", () => {
    const order = fc.array(fc.tuple(fc.nat(19), fc.nat(3)), { maxLength: 60 });
    fc.assert(
      fc.property(order, order, fc.constantFrom<BaseKnown>("zero", "unknown"), (first, second, unknown) => {
        const base = captured(first, "zero");
        for (const known of [base.table, unknown]) {
          const { emitted, changedPages, table } = captured(second, known);
          const held = new Map(known === base.table ? base.emitted : []);
          for (const [page, fill] of emitted) held.set(page, fill);
          const wanted = new Map(second);
          for (let page = 0; page < 20; page++) expect(held.get(page) ?? 0).toBe(wanted.get(page) ?? 0);
          expect(changedPages).toBeLessThanOrEqual(emitted.size);
          expect(captured([...wanted], table).emitted).toEqual(new Map());
        }
      }),
    );
  });

  it("refuses a page outside of its volume", () => {
    expect(() => captured([[40, 7]], "zero")).toThrow("outside");
  });
});

it("batches come in order, however the pages came", () => {
  const batches: PageBatch[] = [];
  const batcher = new Batcher("v", (batch) => batches.push(batch));
  for (const page of [5, 9, 2, 7]) batcher.add(page, page === 9 ? null : pageOf(page), 0);
  batcher.flush();
  batcher.flush();
  expect(batches).toHaveLength(1);
  expect([...emittedOf(batches)]).toEqual([
    [2, 2],
    [5, 5],
    [7, 7],
    [9, 0],
  ]);
});

it("tables of the last two checkpoints are kept: either may be the next one's base", () => {
  const tables = new Tables();
  const of = (fill: number): ReadonlyMap<string, PageTable> => new Map([["v", captured([[0, fill]], "zero").table]]);
  tables.keep("vm", null, "a", of(1));
  tables.keep("vm", "a", "b", of(2));
  expect([tables.of("vm", "a"), tables.of("vm", "b")].map(Boolean)).toEqual([true, true]);
  tables.keep("vm", "a", "c", of(3));
  expect(["a", "b", "c"].map((it) => tables.of("vm", it) !== undefined)).toEqual([true, false, true]);
  tables.forget("vm");
  expect(tables.of("vm", "c")).toBeUndefined();
});
