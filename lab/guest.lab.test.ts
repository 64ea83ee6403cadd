import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  createGuest,
  type GuestInfo,
  type LabState,
  labDown,
  labUp,
  listGuests,
  powerCycle,
  removeGuest,
  runOnHost,
} from "./index.ts";
import { type RunOptions, run } from "./system/run.ts";
import { askWeb, labNamespaces, processesIn, until } from "./testing.ts";

const name = "ltguest";
let lab: LabState;
let guest: GuestInfo;

beforeAll(async () => {
  await labDown(name);
  lab = await labUp({ name, hosts: 2 });
  guest = await createGuest(name, { name: "web-1", host: "host-1" });
});
afterAll(async () => await labDown(name));

const virsh = async (...argv: string[]) => (await runOnHost(name, "host-1", ["virsh", "-q", ...argv])).stdout.trim();
const answers = (but?: string) =>
  until("the guest's page", async () => {
    const page = await askWeb(guest.address);
    return page && page.bootId !== but ? page : undefined;
  });
const inGuest = (command: string, options: RunOptions = {}) => {
  const settings = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"];
  const flags = ["-F", "/dev/null", "-i", lab.identityFile, ...settings.flatMap((one) => ["-o", one])];
  return run(["ssh", ...flags, `root@${guest.address}`, command], options);
};
const logIn = (command: string) =>
  until("a login", async () => {
    const done = await inGuest(command);
    return done.code === 255 ? undefined : done;
  });

it("boots, answers HTTP, lets the lab's key in and has what its seed says", async () => {
  const page = await answers();
  expect(page.host).toBe("web-1");
  const done = await logIn(
    "hostname; cat /proc/sys/kernel/random/boot_id; ip -4 -o addr show eth0; ip route; cat /proc/cmdline",
  );
  expect(done.stdout.split("\n").slice(0, 2)).toEqual(["web-1", page.bootId]);
  expect(done.stdout).toContain(`${guest.address}/22`);
  expect(done.stdout).toContain(`default via ${lab.gateway}`);
  expect(done.stdout).toContain("panic=0");
  const seen = await listGuests(name);
  expect(seen).toMatchObject([{ ...guest, disk: "shared", seen: [{ host: "host-1", state: "running" }] }]);
});

it("is the same guest when it is made again, and an error when it is to be another", async () => {
  expect(await createGuest(name, { name: "web-1", host: "host-1" })).toEqual(guest);
  await expect(createGuest(name, { name: "web-1", host: "host-2" })).rejects.toThrow("exists with another host");
  expect(await virsh("list", "--name")).toBe("web-1");
});

it("answers the agent's ping", async () => {
  const pong = await until(
    "the agent",
    async () => (await virsh("qemu-agent-command", "web-1", '{"execute":"guest-ping"}')) || undefined,
  );
  expect(JSON.parse(pong)).toEqual({ return: {} });
});

it("survives a power cycle of its host as a real one does: defined, stopped, with its disk", async () => {
  const { bootId } = await answers();
  expect((await logIn("echo kept > /root/note && sync")).code).toBe(0);
  await powerCycle(name, "host-1");
  expect(await virsh("domstate", "web-1")).toBe("shut off");
  await virsh("start", "web-1");
  await answers(bootId);
  expect((await logIn("cat /root/note")).stdout).toBe("kept\n");
});

it("powers off by itself, by its button and by its agent; libvirt says it was shut down", async () => {
  for (const off of [
    () => inGuest("poweroff"),
    () => virsh("shutdown", "web-1", "--mode", "acpi"),
    () => virsh("shutdown", "web-1", "--mode", "agent"),
  ]) {
    await logIn("true");
    await off();
    const reason = await until("shut off", async () => {
      const state = await virsh("domstate", "--reason", "web-1");
      return state.startsWith("shut off") ? state : undefined;
    });
    expect(reason).toBe("shut off (shutdown)");
    await virsh("start", "web-1");
  }
});

it("restarts inside QEMU when it reboots", async () => {
  const { bootId } = await answers();
  const id = await virsh("domid", "web-1");
  await logIn("true");
  // Whether its connection ends well or not is the guest's last word: the page of another boot is the answer.
  await inGuest("reboot");
  expect((await answers(bootId)).host).toBe("web-1");
  expect(await virsh("domid", "web-1")).toBe(id);
});

it("is crashed (panicked) to libvirt when its kernel panics, and stays so for whoever repairs it", async () => {
  await logIn("true");
  const hangUp = new AbortController();
  // A panicked guest closes no connection: the command would wait for an answer for ever.
  const dying = expect(inGuest("echo c > /proc/sysrq-trigger", { signal: hangUp.signal })).rejects.toThrow(
    "stopped by the caller",
  );
  const state = await until("crashed", async () => {
    const text = await virsh("domstate", "--reason", "web-1");
    return text.startsWith("running") ? undefined : text;
  });
  expect(state).toBe("crashed (panicked)");
  hangUp.abort();
  await dying;
  await virsh("destroy", "web-1");
});

it("lives on its host's own disk when asked to, and takes no processor type or acceleration that was not proved", async () => {
  const local = await createGuest(name, { name: "web-2", host: "host-2", disk: "local", memoryMiB: 128, start: false });
  expect(local.address).not.toBe(guest.address);
  const { stdout } = await runOnHost(name, "host-2", ["virsh", "-q", "dumpxml", "web-2"]);
  expect(stdout).toContain("/var/lib/libvirt/images/web-2.qcow2");
  expect(stdout).toContain(`type='${lab.kvm ? "kvm" : "qemu"}'`);
  expect((await runOnHost(name, "host-1", ["ls", "/var/lib/libvirt/images"])).stdout).toBe("");
});

it("is gone when removed, however often, and its address is free again", async () => {
  await removeGuest(name, "web-1");
  await removeGuest(name, "web-1");
  expect(await virsh("list", "--all", "--name")).toBe("");
  expect((await runOnHost(name, "host-1", ["ls", "/srv/belay-shared"])).stdout).toBe("");
  const next = await createGuest(name, { name: "web-3", host: "host-1", start: false });
  expect(next.address).toBe(guest.address);
});

it("dies with its host: no QEMU is left of this lab", async () => {
  await virsh("start", "web-3");
  const inside = await labNamespaces(name);
  const commands = () => processesIn(inside).map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  expect(commands().some((line) => line.includes("qemu-system-x86_64"))).toBe(true);
  await labDown(name);
  expect(processesIn(inside)).toEqual([]);
});
