import { expect, it } from "vitest";
import { idSource } from "../../model/index.ts";
import { isUntouched } from "./touched.ts";

const hostsOwn = idSource(
  () => 0,
  () => 0,
).next("inc");

it.each<[string[], boolean]>([
  [[], true],
  [["look"], true],
  [["look (from its own disk)", "old host", "place (2)", "claim"], true],
  [["check", "own disk"], true],
  [["choose", "where", "read", "own disk", "old host", "place", "claim"], true],
  [["choose", "where", "look", "own disk", "switch off"], false],
  [["the group's turn", "gather", "choose", "places", "last check"], true],
  [["the group's turn", "gather (round 2)", "not with the group", "look (from its own disk)"], true],
  [["tell the customer", "answer", "choose (fallback)"], true],
  [["ask the customer", "tell the customer", "answer", "switch off"], false],
  [["the group's turn", "stop with the group"], false],
  [["hand to the customer", "customer: deploying"], false],
  [["look", "bring up"], false],
  [["look", "look again, 2", "bring up again, 2"], false],
  [["placed where nobody knows"], false],
  [["check", "own disk", "switch off"], false],
  [["old host", "place", "claim", "start"], false],
  [["a step that nobody has thought of"], false],
])("takes a VM whose host failed after %j for untouched: %s", (names, untouched) => {
  expect(isUntouched({ partOf: hostsOwn, repairs: [{ steps: names.map((name) => ({ name })) }] })).toBe(untouched);
});

it("takes a VM for touched that its living host was told to let go of", () => {
  expect(isUntouched({ partOf: null, repairs: [{ steps: [{ name: "old host" }] }] })).toBe(false);
  expect(isUntouched({ partOf: null, repairs: [{ steps: [{ name: "look" }] }] })).toBe(true);
});
