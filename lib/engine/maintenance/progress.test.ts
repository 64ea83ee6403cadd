import { expect, test } from "vitest";
import { aVm, hostNumber } from "../../decide/testing/clouds.ts";
import type { Move } from "../../model/index.ts";
import { virtualClock } from "../../sim/index.ts";
import { moveOf } from "./move.ts";
import { progressWriter } from "./progress.ts";

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const begun = moveOf(aVm(1, hostNumber(1)), { state: "moving" });

test("a percentage never falls, and is never whole before the end", async () => {
  const clock = virtualClock(0);
  const written: Move[] = [];
  const progress = progressWriter({ clock, log }, begun, async (move) => void written.push(move));
  for (const bytesDone of [10, 60, 40, 100, 90]) {
    progress.hear({ phase: "copying memory", bytesDone, bytesTotal: 100 });
    await clock.advance(1_000);
  }
  expect(written.map(({ percent }) => percent)).toEqual([10, 60, 60, 99, 99]);
  expect(await progress.end()).toMatchObject({ percent: 99, bytesDone: 90 });
});

test("it is written at most twice a second, and one write at a time", async () => {
  const clock = virtualClock(0);
  let open = 0;
  let most = 0;
  let writes = 0;
  const progress = progressWriter({ clock, log }, begun, async () => {
    writes++;
    most = Math.max(most, ++open);
    await clock.sleep(700);
    open--;
  });
  for (let at = 0; at < 100; at++) {
    progress.hear({ phase: "copying memory", bytesDone: at, bytesTotal: 100 });
    await clock.advance(50);
  }
  expect(most).toBe(1);
  expect(writes).toBeLessThanOrEqual(10);
  expect(writes).toBeGreaterThanOrEqual(5);
});
