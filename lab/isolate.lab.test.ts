import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runFence } from "./fence/agent.ts";
import {
  createGuest,
  isolate,
  type LabState,
  labDown,
  labUp,
  powerCycle,
  powerOff,
  readLab,
  rejoin,
  runOnHost,
  setBmc,
} from "./index.ts";
import { must } from "./system/run.ts";
import { askWeb, connect, labCommand, until } from "./testing.ts";

const name = "ltisolate";
let lab: LabState;

beforeAll(async () => {
  await labDown(name);
  lab = await labUp({ name, hosts: 2 });
});
afterAll(async () => await labDown(name));

const host = (at: number) => lab.hosts[at] ?? expect.fail(`no host ${at}`);
const answers = async (from: string, to: string) =>
  (await runOnHost(name, from, ["ping", "-c", "1", "-W", "1", to])).code === 0;

it("cuts the machine off from a host in silence, and from nothing else; a connection goes on when it is rejoined", async () => {
  const guest = await createGuest(name, { name: "web-1", host: "host-1" });
  const socket = (await connect(host(0).address, 22)) ?? expect.fail("no connection");
  await new Promise((resolve) => socket.once("data", resolve));
  const heard: string[] = [];
  for (const event of ["data", "end", "close", "error"]) socket.on(event, () => heard.push(event));

  await isolate(name, "host-1");
  await isolate(name, "host-1");
  expect((await readLab(name)).hosts).toMatchObject([
    { name: "host-1", power: "on", link: "up", control: "isolated" },
    { name: "host-2", control: "open" },
  ]);
  expect(await connect(host(0).address, 22)).toBeUndefined();
  expect(await answers("host-1", lab.gateway)).toBe(false);
  expect(await answers("host-1", "host-2")).toBe(true);
  expect(await answers("host-2", "host-1")).toBe(true);
  expect(await answers("host-2", lab.gateway)).toBe(true);
  // The guest has an address of its own: the machine reaches it, and so does the other host.
  await until("the guest's page", () => askWeb(guest.address));
  expect(await answers("host-2", guest.address)).toBe(true);
  socket.write("nonsense\n");
  const states = await must(["ss", "-Htn", "dst", host(0).address, "sport", "=", `:${socket.localPort}`]);
  expect(states.trim().split(/\s+/)[0]).toBe("ESTAB");
  expect(heard).toEqual([]);

  await rejoin(name, "host-1");
  await until("an answer on the old connection", () => heard[0]);
  expect(heard[0]).toBe("data");
  socket.destroy();
});

it("stays over a power cycle, over `up`, and over the loss of the bridge, for several hosts at once", async () => {
  const said = await labCommand(["isolate", "host-1", "host-2", "--lab", name]);
  expect(said).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("host-1, host-2") });
  await powerCycle(name, "host-1");
  await labUp({ name });
  await must(["ip", "link", "del", "dev", lab.bridge]);
  expect((await labUp({ name })).hosts.map((one) => one.control)).toEqual(["isolated", "isolated"]);
  expect(await connect(host(0).address, 22)).toBeUndefined();
  expect(await connect(host(1).address, 22)).toBeUndefined();
  expect(await answers("host-1", "host-2")).toBe(true);
  await rejoin(name, ["host-1", "host-2"]);
  for (const one of lab.hosts) (await until("a connection", () => connect(one.address, 22))).destroy();
});

it("has a BMC that goes dark with its agent, while the plug itself can still be pulled", async () => {
  const fence = (action: string, plug: string) =>
    runFence(`lab=${name}\naction=${action}\nplug=${plug}\n`, name, { darkMs: 10 });
  await setBmc(name, "host-2", "dark");
  for (const action of ["status", "monitor", "off", "on", "reboot"])
    expect(await fence(action, "host-2")).toEqual({ code: 1, stdout: "", stderr: "Failed: no answer from the BMC\n" });
  expect(await fence("status", "host-1")).toMatchObject({ code: 0, stdout: "Status: ON\n" });
  expect((await readLab(name)).hosts[1]).toMatchObject({ power: "on", bmc: "dark" });
  await powerOff(name, "host-2");
  expect((await fence("status", "host-2")).code).toBe(1);
  expect(await labCommand(["bmc", "lit", "host-2", "--lab", name])).toMatchObject({ code: 0 });
  expect((await fence("status", "host-2")).code).toBe(2);
});

it("leaves no route and no interface behind", async () => {
  const sink = `${lab.bridge}void`;
  await isolate(name, "host-1");
  expect(existsSync(`/sys/class/net/${sink}`)).toBe(true);
  await labDown(name, { keep: true });
  expect(existsSync(`/sys/class/net/${sink}`)).toBe(false);
  await isolate(name, "host-2");
  expect((await labUp({ name })).hosts.map((one) => one.control)).toEqual(["isolated", "isolated"]);
  await labDown(name);
  expect(existsSync(`/sys/class/net/${sink}`)).toBe(false);
  expect(readFileSync("/proc/net/route", "utf8")).not.toContain(sink);
});
