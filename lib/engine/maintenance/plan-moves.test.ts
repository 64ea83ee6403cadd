import { expect, test } from "vitest";
import { noOther, triedElsewhere } from "./plan-moves.ts";

test.each([
  [
    `It could not be moved to b${triedElsewhere}: no room`,
    "It could not be moved to b: no room. There is no other for it: No.",
  ],
  ["It is silent.", "It is silent. There is no other for it: No."],
  [null, "One host did not take it. There is no other for it: No."],
])("what the one host said stays to be read: %s", (said, words) => {
  expect(noOther(said, "No.")).toBe(words);
});
