import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { leftoversOf, type RunMark, runVariable } from "./leftovers.ts";

const mark: RunMark = { id: `a-test-${process.pid}`, labsDir: `/nowhere/labs-${process.pid}` };
const found = async () => (await leftoversOf(mark)).processes.map(({ pid }) => pid);

async function sleeper(env: Record<string, string>, script = "setTimeout(() => {}, 60_000)"): Promise<ChildProcess> {
  const child = spawn(process.execPath, ["-e", script], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { NODE_ENV: "test", ...env },
  });
  await once(child, "spawn");
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

test.runIf(process.platform === "linux")(
  "a process with the run's mark is found, and no more when it has ended",
  async () => {
    const child = await sleeper({ [runVariable]: mark.id });
    expect(await found()).toEqual([child.pid]);
    await end(child);
    expect(await found()).toEqual([]);
  },
);

test.runIf(process.platform === "linux")("one with a clean environment is found by what it descends from", async () => {
  const script = `
    const child = require("child_process").spawn(process.execPath, ["-e", "setTimeout(() => {}, 60_000)"], { env: {} });
    child.on("spawn", () => console.log(child.pid));`;
  const parent = await sleeper({ HOST_DIR: `${mark.labsDir}/one/hosts/host-1` }, script);
  const [line] = await once(parent.stdout ?? parent, "data");
  const child = Number(String(line));
  expect((await found()).toSorted()).toEqual([parent.pid, child].toSorted());
  process.kill(child, "SIGKILL");
  await end(parent);
});

test.runIf(process.platform === "linux")(
  "another run's process, and ours without the mark, are nobody's leftovers",
  async () => {
    const children = [
      await sleeper({ [runVariable]: `${mark.id}0` }),
      await sleeper({}),
      await sleeper({ HOST_DIR: `${mark.labsDir}0/x` }),
    ];
    expect(await found()).toEqual([]);
    for (const child of children) await end(child);
  },
);
