import { expect, test } from "vitest";
import { beyond, mostOf } from "./beyond.ts";

const saved = new Set(["a", "b"]);

test.each([
  ["as many as are kept", { a: 8 }, 8, []],
  ["more than are kept since the number was lowered", { a: 8, b: 3 }, 3, ["a"]],
  ["more than two of one that is not saved any more", { a: 3, c: 3 }, 8, ["c"]],
  ["two, whatever was chosen", { a: 2, c: 2 }, 0, []],
])("a VM that has %s", (_, counts, kept, expected) => {
  expect(beyond(new Map(Object.entries(counts)), saved, kept)).toEqual(expected);
});

test("at least two of each VM stay", () => {
  expect([mostOf(true, 8), mostOf(true, 1), mostOf(false, 8)]).toEqual([8, 2, 2]);
});
