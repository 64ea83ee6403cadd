import { expect, it } from "vitest";
import { isUntouched } from "./touched.ts";

it.each<[string[], boolean]>([
  [[], true],
  [["look"], true],
  [["look (from its own disk)", "old host", "place (2)", "claim"], true],
  [["check", "own disk"], true],
  [["look", "bring up"], false],
  [["check", "own disk", "switch off"], false],
  [["old host", "place", "claim", "start"], false],
  [["a step that nobody has thought of"], false],
])("takes a VM after %j for untouched: %s", (names, untouched) => {
  expect(isUntouched({ repairs: [{ steps: names.map((name) => ({ name })) }] })).toBe(untouched);
});
