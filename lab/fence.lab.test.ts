import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { labDown, labUp, readLab } from "./index.ts";
import { run } from "./system/run.ts";

const name = "ltfence";
const agent = path.join(path.dirname(fileURLToPath(import.meta.url)), "fence-belay-lab");

beforeAll(async () => {
  await labDown(name);
  await labUp({ name, hosts: 1 });
});
afterAll(async () => await labDown(name));

const fence = (...lines: string[]) =>
  run([agent], { input: [`lab=${name}`, ...lines, ""].join("\n"), env: process.env });
const power = async () => (await readLab(name)).hosts[0]?.power;

it("speaks the fence agents' exit codes: 0 on or done, 2 off, 1 failed", async () => {
  expect(await fence("action=status", "plug=host-1")).toMatchObject({ code: 0, stdout: "Status: ON\n" });
  expect((await fence("action=off", "port=host-1")).code).toBe(0);
  expect(await power()).toBe("off");
  expect(await fence("action=status", "nodename=host-1")).toMatchObject({ code: 2, stdout: "Status: OFF\n" });
  expect((await fence("action=off", "plug=host-1")).code).toBe(0);
  expect((await fence("action=on", "plug=host-1")).code).toBe(0);
  expect(await power()).toBe("on");
  expect((await fence("plug=host-1")).stdout).toBe("Success: Rebooted\n");
  expect((await fence("action=monitor")).code).toBe(0);
  expect((await fence("action=list")).stdout).toMatch(/^host-1,198\.(18|19)\./);
  expect(await fence("action=status", "plug=host-9")).toMatchObject({ code: 1, stdout: "" });
  expect((await fence("action=off")).code).toBe(1);
  expect(await power()).toBe("on");
});
