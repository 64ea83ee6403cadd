import { afterAll, beforeAll, expect, it } from "vitest";
import { type LabState, labDown, labUp, powerOn, readLab, runOnHost } from "./index.ts";
import { hostPaths } from "./paths.ts";
import { must } from "./system/run.ts";
import { connect, labCommand, processesNaming, until } from "./testing.ts";

const name = "ltwatchdog";
let lab: LabState;

beforeAll(async () => {
  await labDown(name);
  lab = await labUp({ name, hosts: 2 });
});
afterAll(async () => await labDown(name));

const state = async (at: number) => (await readLab(name)).hosts[at] ?? expect.fail(`no host ${at}`);
const onHost = async (script: string) => {
  const done = await runOnHost(name, "host-1", ["bash", "-c", script]);
  expect(done).toMatchObject({ code: 0 });
  return done.stdout;
};
const watchdogIs = (wanted: "idle" | "armed") =>
  until(`a watchdog that is ${wanted}`, async () => ((await state(0)).watchdog === wanted ? true : undefined), 2000);

it("says how long it waits, and does nothing before the first byte", async () => {
  expect((await onHost("cat /run/watchdog-timeout; exec 3> /dev/watchdog")).trim()).toBe("6");
  expect((await state(0)).watchdog).toBe("idle");
});

it("is armed by a byte, any byte, fed by each, and disarmed by V", async () => {
  for (const [arm, disarm] of [
    ["printf x", "printf V"],
    ["printf '\\0'", "echo V"],
    ["echo 1", "printf xV"],
  ]) {
    await onHost(`${arm} > /dev/watchdog`);
    await watchdogIs("armed");
    await onHost(`${disarm} > /dev/watchdog0`);
    await watchdogIs("idle");
  }
  // Longer than its patience, in steps that are shorter.
  await onHost("exec 3> /dev/watchdog; for step in 1 2 3 4; do printf '\\0' >&3; sleep 2; done");
  expect(await state(0)).toMatchObject({ power: "on", watchdog: "armed" });
  await onHost("printf V > /dev/watchdog");
  await watchdogIs("idle");
});

it("resets a host whose feeder is gone, in silence; it stays off until it is asked for, and the other host runs on", async () => {
  const socket = (await connect(lab.hosts[0]?.address ?? "", 22)) ?? expect.fail("no connection");
  await new Promise((resolve) => socket.once("data", resolve));
  const heard: string[] = [];
  for (const event of ["data", "end", "close", "error"]) socket.on(event, () => heard.push(event));
  await onHost("exec 3> /dev/watchdog; printf x >&3; kill -9 $$ & wait").catch(() => undefined);
  const off = await until("host-1 off", async () => {
    const now = await state(0);
    return now.power === "off" ? now : undefined;
  });
  expect(off).toMatchObject({ offBecause: "watchdog", link: "down", watchdog: "idle", wanted: { power: "off" } });
  const states = await must(["ss", "-Htn", "dst", off.address, "sport", "=", `:${socket.localPort}`]);
  expect(states.trim().split(/\s+/)[0]).toBe("ESTAB");
  expect(heard).toEqual([]);
  socket.destroy();

  const status = await labCommand(["status", "--lab", name]);
  expect(status.stdout).toMatch(/host-1 .* off \(reset by its watchdog\)/);
  expect((await labUp({ name })).hosts).toMatchObject([{ power: "off", offBecause: "watchdog" }, { power: "on" }]);
  await powerOn(name, "host-1");
  expect(await state(0)).toMatchObject({ power: "on", offBecause: null, watchdog: "idle", wanted: { power: "on" } });
});

it("ends with its host, also where that dies by itself with the watchdog armed; nothing is left", async () => {
  const { dir } = hostPaths(name, "host-1");
  expect(processesNaming(dir)).toHaveLength(1);
  await onHost("printf x > /dev/watchdog");
  await watchdogIs("armed");
  const { pid } = JSON.parse(await onHost("cat /run/lab/host/run.json"));
  process.kill(pid, "SIGKILL");
  await until("no watchdog", () => (processesNaming(dir).length === 0 ? true : undefined));
  expect(await state(0)).toMatchObject({ power: "off", offBecause: "died", watchdog: "idle" });
  await labDown(name);
  expect(processesNaming(`${hostPaths(name, "host-2").dir}`)).toEqual([]);
});
