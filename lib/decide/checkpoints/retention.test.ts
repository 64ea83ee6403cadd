import { expect, test } from "vitest";
import { checkpointNumber } from "../testing/clouds.ts";
import { forgotten, reconcile } from "./retention.ts";

/** Newest first: v valid, d damaged; in capitals those that a person keeps. The instants fall from 100 by 10. */
const rows = (text: string) =>
  [...text].map((letter, n) => ({
    id: checkpointNumber(n),
    at: 100 - 10 * n,
    state: letter.toLowerCase() === "v" ? ("valid" as const) : ("damaged" as const),
    kept: letter !== letter.toLowerCase(),
  }));
const nothingRead = () => false;

test.each([
  ["vvvvv", 3, [3, 4]],
  ["vvvvv", 1, [2, 3, 4]],
  ["v", 2, []],
  ["vVVvv", 2, [4]],
  ["vvVDvd", 2, [4, 5]],
  ["dddv", 2, []],
  ["dvdvdv", 2, [4, 5]],
  ["Vvvv", 2, [3]],
  ["", 2, []],
])("of %s, where %d are kept, those are forgotten: %j", (text, keep, gone) => {
  expect(forgotten(rows(text), keep, nothingRead)).toEqual(gone.map(checkpointNumber));
});

test("one that is being read stays", () => {
  expect(forgotten(rows("vvvv"), 2, (id) => id === checkpointNumber(3))).toEqual([checkpointNumber(2)]);
});

test("the newest from before the guest answered for the last time stays, and no other because of it", () => {
  expect(forgotten(rows("vvvvvv"), 2, nothingRead, 65)).toEqual([2, 3, 5].map(checkpointNumber));
  expect(forgotten(rows("vvvdv"), 2, nothingRead, 70)).toEqual([2, 3].map(checkpointNumber));
  expect(forgotten(rows("vvvv"), 2, nothingRead, 5)).toEqual([2, 3].map(checkpointNumber));
});

test("the newest valid one is never forgotten", () => {
  for (const text of ["vdddddd", "dddvddd", "DDDvvvv", "dVVVVvv"])
    for (let keep = 0; keep < 5; keep++) {
      const all = rows(text);
      const newest = all.find((it) => it.state === "valid")?.id;
      expect(forgotten(all, keep, nothingRead)).not.toContain(newest);
    }
});

test("what is shown and what is stored are compared", () => {
  const shown = rows("vvddd");
  const held = [
    { id: checkpointNumber(1), valid: false },
    { id: checkpointNumber(2), valid: true },
    { id: checkpointNumber(3), valid: false },
    { id: checkpointNumber(9), valid: true },
  ];
  expect(reconcile(shown, held)).toEqual({
    withoutBytes: [checkpointNumber(0)],
    damaged: [checkpointNumber(1)],
    well: [checkpointNumber(2)],
    withoutRow: [checkpointNumber(9)],
  });
});
