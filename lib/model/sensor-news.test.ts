import { expect, test } from "vitest";
import type { Sensor, SensorReport, SensorState } from "./collaboration.ts";
import { idSource } from "./ids.ts";
import { sensorNews } from "./sensor-news.ts";

const ids = idSource(
  () => 1_700_000_000_000,
  () => 0.5,
);
const sensor = (name: string, state: SensorState, words = ""): Sensor => ({
  ...{ name, kind: "tcp", server: "web", vmId: null, fromVmId: null, state, since: 0, words },
});
const report = (reportedAt: number, sensors: readonly Sensor[]): SensorReport => ({
  ...{ organizationId: ids.next("org"), applicationId: ids.next("app"), reportedAt, sensors },
});
const well = report(1000, [sensor("one", "ok"), sensor("two", "ok")]);

test.each<[string, Parameters<typeof sensorNews>[1], SensorReport, number, RegExp | undefined]>([
  ["the first", undefined, well, 1000, /nothing fails/],
  ["the same again", { report: well, toldAt: 1000 }, { ...well, reportedAt: 2000 }, 2000, undefined],
  [
    "other words alone",
    { report: well, toldAt: 1000 },
    report(2000, [sensor("two", "ok", "x"), sensor("one", "ok")]),
    2000,
    undefined,
  ],
  ["the same after a while", { report: { ...well, reportedAt: 10_500 }, toldAt: 1000 }, well, 11_000, /^$/],
  ["the same after a silence", { report: well, toldAt: 15_000 }, well, 17_000, /heard again/],
  [
    "another state",
    { report: well, toldAt: 1000 },
    report(2000, [sensor("one", "failing"), sensor("two", "ok")]),
    2000,
    /fails: one\./,
  ],
  ["one less", { report: well, toldAt: 1000 }, report(2000, [sensor("one", "ok")]), 2000, /nothing fails/],
  ["none left", { report: well, toldAt: 1000 }, report(2000, []), 2000, /no sensors/],
])("%s", (_, before, now, at, news) => {
  if (news === undefined) expect(sensorNews("shop", before, now, at)).toBeUndefined();
  else expect(sensorNews("shop", before, now, at)).toMatch(news);
});
