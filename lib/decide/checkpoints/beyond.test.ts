import { expect, test } from "vitest";
import { beyond, mostOf, switchedOffKeptMs } from "./beyond.ts";

const never = undefined;
const now = 0;

test.each([
  ["a VM that is saved keeps what was chosen", 8, never, false, 8],
  ["of a full store too", 8, never, true, 8],
  ["at least two, whatever was chosen", 1, never, false, 2],
  ["one that is not to be saved any more keeps as many", 8, now, false, 8],
  ["until a day later", 8, switchedOffKeptMs - 1, false, 8],
  ["then two", 8, switchedOffKeptMs, false, 2],
  ["of a full store two at once", 8, now, true, 2],
])("%s", (_, kept, unsavedForMs, isFull, expected) => {
  expect(mostOf({ kept, unsavedForMs, isFull })).toBe(expected);
});

test("VMs with more than is to be kept of them are named", () => {
  const counts = new Map(Object.entries({ a: 8, b: 3, c: 3, d: 2 }));
  expect(beyond(counts, (vm) => (vm === "a" ? 8 : 2))).toEqual(["b", "c"]);
});
