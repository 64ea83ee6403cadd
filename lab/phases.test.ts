import { expect, it } from "vitest";
import { type Phase, phase } from "./phases.ts";

const told: Phase[] = [];
const note = (one: Phase) => void told.push(one);

it("tells start, progress and end, and hands the result through", async () => {
  const result = await phase("hosts", note, async (say) => {
    say("one");
    say("two");
    return 7;
  });
  expect(result).toBe(7);
  expect(told.map(({ state, detail }) => [state, detail])).toEqual([
    ["start", undefined],
    ["progress", "one"],
    ["progress", "two"],
    ["done", "two"],
  ]);
});

it("is not done when the work fails", async () => {
  told.length = 0;
  await expect(phase("hosts", note, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(told.map((one) => one.state)).toEqual(["start"]);
});
