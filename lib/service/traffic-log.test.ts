import { expect, test } from "vitest";
import { idSource } from "../model/index.ts";
import { keptSeconds, trafficLog } from "./traffic-log.ts";

const ids = idSource(
  () => 0,
  () => 0.5,
);
const applicationId = ids.next("app");
const sample = (second: number, answered = 1) => ({ applicationId, at: second * 1000, answered, failed: 0 });

test("keeps the newest 15 minutes, however long it runs, and gives what was asked for in order", () => {
  const log = trafficLog();
  for (let second = 1; second <= 3 * keptSeconds; second++) log.add(sample(second));
  const now = 3 * keptSeconds * 1000;
  const all = log.last(applicationId, 10 * keptSeconds, now).map(({ at }) => at / 1000);
  expect(all).toEqual(Array.from({ length: keptSeconds }, (_, index) => 2 * keptSeconds + 1 + index));
  expect(log.last(applicationId, 2, now).map(({ at }) => at / 1000)).toEqual([
    3 * keptSeconds - 2,
    3 * keptSeconds - 1,
    3 * keptSeconds,
  ]);
});

test("the same second again takes the place of the first, so a repeated post counts once", () => {
  const log = trafficLog();
  log.add(sample(5, 1));
  log.add(sample(5, 9));
  expect(log.last(applicationId, 60, 10_000)).toEqual([sample(5, 9)]);
});

test("an application without traffic has none", () => {
  expect(trafficLog().last(applicationId, 60, 0)).toEqual([]);
});
