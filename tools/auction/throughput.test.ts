import { expect, it } from "vitest";
import { askCounts, between, readStatus } from "./throughput.ts";

const counts = (accesses: number, failed: number, since = "Monday") => ({ accesses, failed, since });

it("reads Apache's status", () => {
  expect(readStatus("ServerVersion: Apache\nRestartTime: Monday\nTotal Accesses: 42\nTotal kBytes: 7\n")).toEqual({
    accesses: 42,
    since: "Monday",
  });
  expect(() => readStatus("<html>")).toThrow("no status");
});

it("counts what came between two looks, without the looks themselves", () => {
  expect(between(counts(10, 0), counts(22, 3))).toEqual({ answered: 7, failed: 3 });
  expect(between(counts(10, 0), counts(12, 0))).toEqual({ answered: 0, failed: 0 });
});

it("counts from nothing where the server was started anew", () => {
  expect(between(counts(1000, 5), counts(12, 5, "Tuesday"))).toEqual({ answered: 10, failed: 0 });
});

it("asks nobody outside of the lab", async () => {
  await expect(askCounts("192.0.2.1")).rejects.toThrow("outside");
});
