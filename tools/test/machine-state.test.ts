import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { leftBetween, type MachineState, machineState, runMark, type SeenProcess } from "./machine-state.ts";

const seen = (pid: number, ours = true): SeenProcess => ({ pid, start: "1", words: `process ${pid}`, ours });
const state = (processes: SeenProcess[], things: string[] = []): MachineState => ({
  processes: new Map(processes.map((one) => [`${one.pid} ${one.start}`, one])),
  things: new Set(things),
});

test("what was there before, and what is not ours, is not left by us", () => {
  const before = state([seen(2)], ["network interface lo"]);
  const after = state([seen(2), seen(3), seen(4, false)], ["network interface lo", "network interface bly1"]);
  expect(leftBetween(before, after)).toEqual({ processes: [seen(3)], things: ["network interface bly1"] });
});

test("a number that was used before by another process is a new one", () => {
  const again = { ...seen(2), start: "9" };
  expect(leftBetween(state([seen(2)]), state([again])).processes).toEqual([again]);
});

test.runIf(process.platform === "linux")(
  "a process with the run's mark is found, and no more when it has ended",
  async () => {
    const mark = `a-test-${process.pid}`;
    const before = await machineState(mark);
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], {
      stdio: "ignore",
      cwd: "/",
      env: { ...process.env, [runMark]: mark },
    });
    await once(child, "spawn");
    const found = leftBetween(before, await machineState(mark)).processes.map(({ pid }) => pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(found).toContain(child.pid);
    expect(leftBetween(before, await machineState(mark)).processes.map(({ pid }) => pid)).not.toContain(child.pid);
  },
);
