import fc from "fast-check";
import { expect, test } from "vitest";
import { Rows } from "./rows.ts";

test("an index shows what a search through all rows would, whatever was written and deleted", () => {
  const write = fc.record({ key: fc.nat(9), group: fc.option(fc.constantFrom("a", "b")), gone: fc.boolean() });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
      const changes = { count: 0 };
      const rows = new Rows<number, { key: number; group: string | null }>(changes);
      const index = rows.indexBy((row) => row.group ?? undefined);
      for (const { gone, ...row } of writes) {
        if (gone) rows.delete(row.key);
        else rows.set(row.key, row);
      }
      const byKey = (a: { key: number }, b: { key: number }) => a.key - b.key;
      for (const group of ["a", "b"])
        expect([...index.of(group)].sort(byKey)).toEqual(
          [...rows.values()].filter((row) => row.group === group).sort(byKey),
        );
      expect(changes.count).toBe(writes.length);
    }),
    { seed: 3 },
  );
});

test("an index that is made late knows the rows that were there", () => {
  const rows = new Rows<string, { group: string }>({ count: 0 });
  rows.set("one", { group: "a" });
  expect([...rows.indexBy((row) => row.group).of("a")]).toEqual([{ group: "a" }]);
});

test("rows in an order are all rows, sorted, whatever was written and deleted before each reading", () => {
  const write = fc.record({
    key: fc.nat(9),
    rank: fc.nat(5),
    out: fc.boolean(),
    gone: fc.boolean(),
    read: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(write, { maxLength: 60 }), (writes) => {
      type Row = { readonly key: number; readonly rank: number; readonly out: boolean };
      const rows = new Rows<number, Row>({ count: 0 });
      const compare = (a: Row, b: Row) => a.rank - b.rank || a.key - b.key;
      const sorted = rows.sortedBy((row) => (row.out ? undefined : row), compare);
      for (const { gone, read, ...row } of writes) {
        if (gone) rows.delete(row.key);
        else rows.set(row.key, row);
        if (read) expect(sorted.all()).toEqual([...rows.values()].filter(({ out }) => !out).sort(compare));
      }
    }),
    { seed: 3 },
  );
});
