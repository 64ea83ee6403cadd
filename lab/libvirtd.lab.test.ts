import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createGuest,
  type GuestInfo,
  type LabState,
  labDown,
  labUp,
  powerCycle,
  readLab,
  runOnHost,
  startLibvirtd,
  stopLibvirtd,
} from "./index.ts";
import { run } from "./system/run.ts";
import { askWeb, until } from "./testing.ts";

const name = "ltlibvirtd";
let lab: LabState;
let guest: GuestInfo;

beforeAll(async () => {
  await labDown(name);
  lab = await labUp({ name, hosts: 1 });
  guest = await createGuest(name, { name: "web-1", host: "host-1" });
});
afterAll(async () => await labDown(name));

const libvirtd = async () => (await readLab(name)).hosts[0]?.libvirtd;
const virsh = async (...argv: string[]) => await runOnHost(name, "host-1", ["virsh", "-q", ...argv]);
const page = () => until("the guest's page", () => askWeb(guest.address));
const ssh = (command: string) => {
  const settings = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  const flags = ["-F", "/dev/null", "-i", lab.identityFile, ...settings.flatMap((one) => ["-o", one])];
  return run(["ssh", ...flags, `root@${lab.hosts[0]?.address}`, command]);
};

it("stays dead when it was stopped, and its guest runs on", async () => {
  const { bootId } = await page();
  await stopLibvirtd(name, "host-1");
  await stopLibvirtd(name, "host-1");
  expect(await libvirtd()).toBe("off");
  expect((await virsh("list")).code).not.toBe(0);
  expect((await page()).bootId).toBe(bootId);
  // Neither init nor `up` brings it back.
  expect((await labUp({ name })).hosts[0]).toMatchObject({ power: "on", libvirtd: "off" });
});

it("is brought back over SSH by the command that an administrator would try, guests untouched", async () => {
  const { bootId } = await page();
  const done = await ssh("systemctl restart libvirtd || service libvirtd restart || libvirtd -d");
  expect(done).toMatchObject({ code: 0 });
  const state = await until("an answer", async () => {
    const answer = await virsh("domstate", "web-1");
    return answer.code === 0 ? answer.stdout.trim() : undefined;
  });
  expect(state).toBe("running");
  expect(await libvirtd()).toBe("on");
  expect((await page()).bootId).toBe(bootId);
});

it("is started by the lab, and is a service again that comes back when it dies", async () => {
  await stopLibvirtd(name, "host-1");
  await startLibvirtd(name, "host-1");
  await startLibvirtd(name, "host-1");
  expect((await virsh("domstate", "web-1")).stdout.trim()).toBe("running");
  const pid = (await runOnHost(name, "host-1", ["pidof", "libvirtd"])).stdout.trim();
  await runOnHost(name, "host-1", ["kill", "-9", pid]);
  await until("another libvirtd", async () => {
    const now = (await runOnHost(name, "host-1", ["pidof", "libvirtd"])).stdout.trim();
    return now !== "" && now !== pid ? now : undefined;
  });
});

it("comes with the power", async () => {
  await stopLibvirtd(name, "host-1");
  await powerCycle(name, "host-1");
  expect(await libvirtd()).toBe("on");
});
