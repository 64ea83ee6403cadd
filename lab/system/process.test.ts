import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isAlive, machineBootId, parseStat } from "./process.ts";

describe("one process for certain", () => {
  it("counts the fields of /proc/PID/stat after the last bracket: a name may hold anything", () => {
    const rest = ["S", ...Array.from({ length: 18 }, (_, at) => String(at + 4)), "987654", "0"].join(" ");
    expect(parseStat(`12 (a) b (c)) ${rest}`)).toEqual({ state: "S", startTime: "987654" });
  });

  it.runIf(process.platform === "linux")(
    "knows itself, and neither another start time nor another boot of the machine",
    async () => {
      const { startTime } = parseStat(readFileSync("/proc/self/stat", "utf8"));
      const me = { pid: process.pid, startTime, bootId: await machineBootId() };
      expect(await isAlive(me)).toBe(true);
      expect(await isAlive({ ...me, startTime: `${Number(startTime) + 1}` })).toBe(false);
      expect(await isAlive({ ...me, bootId: "00000000-0000-0000-0000-000000000000" })).toBe(false);
    },
  );
});
