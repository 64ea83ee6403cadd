import { expect, test } from "vitest";
import { planData } from "./data.ts";

const state = { whole: false, begun: false, saved: false, synchronises: false };

test.each([
  ["a first start begins with nothing", {}, "begin"],
  ["the disk has its data", { whole: true, begun: true, saved: true }, "keep"],
  ["a new disk gets the last save", { begun: true, saved: true }, "restore"],
  ["a save of an earlier life of the application counts too", { saved: true }, "restore"],
  ["a new disk, and never saved: nobody calls that repaired", { begun: true }, "lost"],
  ["its owner's command brings them from elsewhere", { begun: true, synchronises: true }, "begin"],
] as const)("%s", (_, now, expected) => {
  expect(planData({ ...state, ...now })).toBe(expected);
});
