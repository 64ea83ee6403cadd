import { expect, test } from "vitest";
import type { TrafficSample } from "../contract/index.ts";
import { anApplication } from "./testing/things.ts";
import { columnsOf, failedIn, mergeTraffic, rateOf, trafficSeconds } from "./traffic.ts";

const sample = (second: number, answered: number, failed = 0): TrafficSample => ({
  applicationId: anApplication(1).id,
  at: second * 1000,
  answered,
  failed,
});

test("a second counts once, by the newer word, in the order of time", () => {
  const merged = mergeTraffic([sample(1, 5), sample(3, 5)], [sample(2, 6), sample(3, 7)]);
  expect(merged.map((it) => [it.at, it.answered])).toEqual([
    [1000, 5],
    [2000, 6],
    [3000, 7],
  ]);
});

test("what is older than the window is forgotten", () => {
  const merged = mergeTraffic([sample(0, 1), sample(1, 1)], [sample(trafficSeconds, 1)]);
  expect(merged.map((it) => it.at)).toEqual([1000, trafficSeconds * 1000]);
});

test("the rate is of the last seconds, and none where nothing was counted lately", () => {
  const samples = [sample(1, 100), sample(2, 10), sample(3, 20, 3), sample(4, 30)];
  expect(rateOf(samples, 5_000)).toEqual({ answeredPerSecond: 20, failedPerSecond: 1 });
  expect(rateOf(samples, 60_000)).toBeUndefined();
  expect(failedIn(samples)).toBe(3);
});

test("seconds that nobody counted are a hole and not a line", () => {
  expect(columnsOf([sample(1, 5), sample(2, 6), sample(9, 7, 1)])).toEqual([
    [1, 2, 3, 9],
    [5, 6, null, 7],
    [0, 0, null, 1],
  ]);
});
