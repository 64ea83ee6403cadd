import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeIndex,
  difference,
  emptyIndex,
  encodeIndex,
  IndexBuilder,
  overlay,
  type PageIndex,
} from "./page-index.ts";

type Entries = ReadonlyMap<number, readonly [number, number]>;
const entry = fc.tuple(fc.nat(40), fc.tuple(fc.oneof(fc.constant(0), fc.nat(5), fc.nat(0xffffffff)), fc.nat(255)));
const given = fc.array(entry, { maxLength: 60 });

const built = (entries: readonly (readonly [number, readonly [number, number]])[]): PageIndex => {
  const builder = new IndexBuilder();
  for (const [number, [segment, slot]] of entries) builder.add(number, segment, slot);
  return builder.finish();
};
const asMap = ({ numbers, segments, slots }: PageIndex): Entries =>
  new Map(Array.from(numbers, (number, at) => [number, [segments[at] ?? 0, slots[at] ?? 0]] as const));
const withoutZeros = (entries: Entries) => new Map([...entries].filter(([, [segment]]) => segment !== 0));
const sorted = (entries: Entries) => [...entries].sort(([a], [b]) => a - b);

test("entries in any order: ascending, the last of a page counts, and they are read as they were written", () =>
  fc.assert(
    fc.property(given, (entries) => {
      const index = built(entries);
      expect([...asMap(index)]).toEqual(sorted(new Map(entries)));
      const bytes = encodeIndex(index);
      expect(decodeIndex(bytes, 0, index.numbers.length)).toEqual(index);
    }),
  ));

test("one index on top of another is what maps say, cut at the volume's end; the difference leads from one to the other", () =>
  fc.assert(
    fc.property(given, given, fc.nat(45), (below, above, pages) => {
      const base = overlay(emptyIndex, built(below), 100);
      expect(sorted(asMap(base))).toEqual(sorted(withoutZeros(new Map(below))));
      const both = new Map([...asMap(base), ...new Map(above)]);
      const now = overlay(base, built(above), pages);
      const kept = new Map([...withoutZeros(both)].filter(([number]) => number < pages));
      expect([...asMap(now)]).toEqual(sorted(kept));
      expect(overlay(base, difference(base, now), 100)).toEqual(now);
      expect(difference(now, now)).toEqual(emptyIndex);
    }),
  ));
