import { describe, expect, it } from "vitest";
import { longestGap } from "./load.ts";

const answersAt = [0, 5, 10, 60, 65, 300];

describe("the longest silence that touches a span", () => {
  it.each([
    ["inside the span", 8, 70, 235],
    ["begun before it", 20, 30, 50],
    ["in a quiet span", 1, 9, 5],
    ["where nothing was heard at all", 400, 500, 0],
  ])("%s", (_what, from, to, gap) => expect(longestGap(answersAt, from, to)).toBe(gap));
});
