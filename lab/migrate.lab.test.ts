import { afterAll, beforeAll, expect, it } from "vitest";
import { createGuest, type GuestInfo, type LabState, labDown, labUp, listGuests, runOnHost } from "./index.ts";
import { askWeb, until } from "./testing.ts";

const name = "ltmigrate";
let lab: LabState;
let guest: GuestInfo;

beforeAll(async () => {
  await labDown(name);
  lab = await labUp({ name, hosts: 2 });
  guest = await createGuest(name, { name: "web-1", host: "host-1" });
});
afterAll(async () => await labDown(name));

const virsh = (host: string, ...argv: string[]) => runOnHost(name, host, ["virsh", "-q", ...argv]);
const host = (at: number) => lab.hosts[at] ?? expect.fail(`no host ${at}`);
const page = () => until("the guest's page", () => askWeb(guest.address));

it("lets hosts log in to each other, by address and by name, without a question", async () => {
  for (const target of [host(1).address, "host-2"]) {
    const done = await runOnHost(name, "host-1", ["ssh", "-o", "BatchMode=yes", `root@${target}`, "hostname"]);
    expect(done).toMatchObject({ code: 0, stdout: "host-2\n" });
  }
});

it("refuses a second starter of a guest's disk on another host, in words; the first one is not touched", async () => {
  const { bootId } = await page();
  expect((await virsh("host-2", "define", "/srv/belay-shared/web-1.xml")).code).toBe(0);
  const second = await virsh("host-2", "start", "web-1");
  expect(second.code).not.toBe(0);
  expect(second.stderr).toContain('Failed to get "write" lock');
  expect((await virsh("host-2", "domstate", "web-1")).stdout.trim()).toBe("shut off");
  expect((await virsh("host-1", "domstate", "web-1")).stdout.trim()).toBe("running");
  expect(await page()).toEqual({ host: "web-1", bootId });
  expect((await virsh("host-2", "undefine", "web-1")).code).toBe(0);
});

it("moves a running guest to another host and back, peer to peer; it is the same boot at the same address", async () => {
  const { bootId } = await page();
  for (const [from, to] of [
    [host(0), host(1)],
    [host(1), host(0)],
  ] as const) {
    const flags = ["--live", "--p2p", "--persistent", "--undefinesource", "--unsafe"];
    const began = performance.now();
    const moved = await virsh(from.name, "migrate", ...flags, "web-1", to.uri);
    expect(moved).toMatchObject({ code: 0, stderr: "" });
    console.info(`256 MiB moved from ${from.name} to ${to.name} in ${Math.round(performance.now() - began)} ms`);
    expect(await page()).toEqual({ host: "web-1", bootId });
    const seen = [{ host: to.name, state: "running" }];
    expect((await listGuests(name))[0]?.seen).toEqual(seen);
    // Asked for again, as each start of Belay does, it stays where it is now.
    expect(await createGuest(name, { name: "web-1", host: "host-1" })).toEqual(guest);
    expect((await listGuests(name))[0]?.seen).toEqual(seen);
  }
});
