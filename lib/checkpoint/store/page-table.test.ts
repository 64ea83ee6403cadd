import { expect, test } from "vitest";
import { PageTable } from "./page-table.ts";

const found = (table: PageTable, high: number, low: number) => {
  const places: [number, number][] = [];
  for (let at = table.first(high, low); at >= 0; at = table.next(at, high, low))
    places.push([table.segmentAt(at), table.slotAt(at)]);
  return places;
};

test("every entry is found while the table grows, also those that begin at one place or share a hash's half", () => {
  const table = new PageTable(() => true);
  for (let index = 0; index < 20_000; index++) table.add(index, index % 7, 1 + (index >> 8), index & 255);
  for (let index = 0; index < 20_000; index += 97)
    expect(found(table, index, index % 7)).toEqual([[1 + (index >> 8), index & 255]]);
  expect(found(table, 3, 4)).toEqual([]);
  table.add(5, 5, 4000, 1);
  expect(found(table, 5, 5).length).toBe(2);
});

test("what is gone makes room", () => {
  const gone = new Set<number>();
  const table = new PageTable((segment) => !gone.has(segment));
  for (let round = 1; round <= 200; round++) {
    for (let slot = 0; slot < 256; slot++) table.add(slot * 7919, round * 256 + slot, round, slot);
    gone.add(round - 1);
  }
  expect(table.size).toBeLessThan(2000);
  expect(found(table, 9 * 7919, 200 * 256 + 9)).toEqual([[200, 9]]);
});
