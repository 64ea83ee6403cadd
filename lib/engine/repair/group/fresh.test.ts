import { expect, test } from "vitest";
import { virtualClock } from "../../../sim/index.ts";
import { seenAtOnce } from "./fresh.ts";

test.each([
  ["all answered at once", [10], "yes", 1],
  ["one of them was waited for", [60_000, 10], "yes", 2],
  ["one of them is slow each time", [60_000, 60_000, 60_000, 10], "yes", 3],
  ["one of them was waited for and is gone", [60_000, 10], "no", 1],
])("what is seen of a group where %s", async (_, takesMs, says, looks) => {
  const clock = virtualClock(1_000_000);
  const left = [...takesMs];
  const seeing = seenAtOnce(
    { clock },
    async () => {
      await clock.sleep(left.shift() ?? 0);
      return says;
    },
    (seen) => seen === "no",
  );
  await clock.advance(600_000);
  expect(await seeing).toBe(says);
  expect(takesMs.length - left.length).toBe(looks);
});
