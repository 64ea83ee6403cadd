import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  cut,
  type LabState,
  labDown,
  labUp,
  mend,
  powerCycle,
  powerOff,
  powerOn,
  readLab,
  runOnHost,
} from "./index.ts";
import { must, run } from "./system/run.ts";
import { connect, labCommand, until } from "./testing.ts";

const name = "lthosts";
let lab: LabState;
let scratch = "";

beforeAll(async () => {
  scratch = mkdtempSync(path.join(tmpdir(), "lthosts-"));
  await labDown(name);
  lab = await labUp({ name, hosts: 2 });
});
afterAll(async () => {
  await labDown(name);
  rmSync(scratch, { recursive: true, force: true });
});

const host = (at: number) => lab.hosts[at] ?? expect.fail(`no host ${at}`);
const initOf = async (name_: string) => (await runOnHost(name, name_, ["cat", "/run/lab/host/run.json"])).stdout;
const ssh = (key: string, address: string, ...command: string[]) => {
  const options = [
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentitiesOnly=yes",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    `UserKnownHostsFile=${scratch}/known`,
  ];
  return run(["ssh", "-F", "/dev/null", "-i", key, ...options, `root@${address}`, ...command]);
};

describe("hosts", () => {
  it("are up, each with its own name, address, identity and /dev", async () => {
    expect(lab.hosts.map(({ name: one, power, link }) => ({ one, power, link }))).toEqual([
      { one: "host-1", power: "on", link: "up" },
      { one: "host-2", power: "on", link: "up" },
    ]);
    const ids = await Promise.all(
      lab.hosts.map(async (one) => {
        const { stdout } = await runOnHost(name, one.name, [
          "sh",
          "-c",
          "hostname; virsh -q capabilities | grep -m1 uuid; ls /dev",
        ]);
        const [hostname, uuid = "", ...nodes] = stdout.trim().split("\n");
        expect(hostname).toBe(one.name);
        expect(nodes.includes("kvm")).toBe(lab.kvm);
        return uuid;
      }),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it("are reached by libvirt's own SSH transport at the address given, with the host key given", async () => {
    const { address, hostKeySha256, uri } = host(0);
    const seen = await must(["sh", "-c", `ssh-keyscan -t ed25519 ${address} 2>/dev/null | ssh-keygen -lf -`]);
    expect(seen.split(" ")[1]).toBe(hostKeySha256);
    const done = await run(["virsh", "-c", `${uri}?keyfile=${lab.identityFile}&no_verify=1`, "hostname"]);
    expect(done).toMatchObject({ code: 0, stdout: expect.stringContaining("host-1") });
  });

  it("stay as they are when the lab is brought up again, and let one more key in", async () => {
    const before = await Promise.all([initOf("host-1"), initOf("host-2")]);
    const key = path.join(scratch, "id");
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
    expect((await ssh(key, host(0).address, "true")).code).not.toBe(0);
    const again = await labCommand(["up", "--lab", name, "--authorize", `${key}.pub`]);
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining(lab.subnet) });
    expect(await ssh(key, host(0).address, "hostname")).toMatchObject({ code: 0, stdout: "host-1\n" });
    expect(await Promise.all([initOf("host-1"), initOf("host-2")])).toEqual(before);
    expect(await readLab(name)).toEqual(lab);
  });

  it("share one directory and keep the rest to themselves", async () => {
    await runOnHost(name, "host-1", [
      "sh",
      "-c",
      "echo both > /srv/belay-shared/note; echo mine > /var/lib/libvirt/images/note",
    ]);
    const read = await runOnHost(name, "host-2", [
      "sh",
      "-c",
      "cat /srv/belay-shared/note; ls /var/lib/libvirt/images",
    ]);
    expect(read.stdout).toBe("both\n");
  });

  it("start a service again that dies, as an init system does", async () => {
    const pidOf = async () => (await runOnHost(name, "host-2", ["pidof", "libvirtd"])).stdout.trim();
    const before = await pidOf();
    expect(before).not.toBe("");
    await runOnHost(name, "host-2", ["kill", "-9", before]);
    const after = await until("another libvirtd", async () => {
      const pid = await pidOf();
      return pid !== "" && pid !== before ? pid : undefined;
    });
    expect(after).not.toBe(before);
  });
});

describe("power", () => {
  it("goes off in silence: an open connection hears nothing, and every process is gone", async () => {
    const { address } = host(0);
    const socket = (await connect(address, 22)) ?? expect.fail("no connection");
    await new Promise((resolve) => socket.once("data", resolve));
    const heard: string[] = [];
    for (const event of ["data", "end", "close", "error"]) socket.on(event, () => heard.push(event));
    await powerOff(name, "host-1");
    // The host's kernel has closed its end by now: a FIN or RST that got out would show in our kernel's state.
    const states = await must(["ss", "-Htn", "dst", address, "sport", "=", `:${socket.localPort}`]);
    expect(states.trim().split(/\s+/)[0]).toBe("ESTAB");
    expect(heard).toEqual([]);
    expect(await connect(address, 22)).toBeUndefined();
    await expect(runOnHost(name, "host-1", ["true"])).rejects.toThrow("host-1 is off");

    await powerOn(name, "host-1");
    expect(heard).toEqual([]);
    const end = new Promise((resolve) => socket.once("error", resolve));
    socket.write("are you still there?");
    // The new life of the host knows nothing of the connection and says so.
    expect(await end).toMatchObject({ code: "ECONNRESET" });
  });

  it("does nothing the second time, and a host switched off on purpose stays off until asked for", async () => {
    await powerOff(name, "host-2");
    await powerOff(name, "host-2");
    const resting = await labUp({ name });
    expect(resting.hosts[1]).toMatchObject({ power: "off", link: "down", wanted: { power: "off" } });
    const awake = await labUp({ name, powerOn: true });
    expect(awake.hosts[1]).toMatchObject({ power: "on", hostKeySha256: host(1).hostKeySha256 });
    const init = await initOf("host-2");
    await powerOn(name, "host-2");
    expect(await initOf("host-2")).toBe(init);
  });

  it("comes back by `up` on a host that died by itself", async () => {
    const { pid } = JSON.parse(await initOf("host-2"));
    process.kill(pid, "SIGKILL");
    const dead = await until("host-2 off", async () => {
      const state = (await readLab(name)).hosts[1];
      return state?.power === "off" ? state : undefined;
    });
    expect(dead.wanted.power).toBe("on");
    expect((await labUp({ name })).hosts[1]?.power).toBe("on");
  });
});

describe("the network", () => {
  it("is mended by `up` when the bridge was taken away under running hosts", async () => {
    const before = await Promise.all([initOf("host-1"), initOf("host-2")]);
    await must(["ip", "link", "del", "dev", lab.bridge]);
    await labUp({ name });
    expect(await Promise.all([initOf("host-1"), initOf("host-2")])).toEqual(before);
    const socket = await until("a connection over the new bridge", () => connect(host(0).address, 22));
    socket.destroy();
  });

  it("keeps the machine's own address at one MAC, whichever hosts are on", async () => {
    const mac = async () => (await must(["cat", `/sys/class/net/${lab.bridge}/address`])).trim();
    const before = await mac();
    await powerOff(name, "host-1");
    expect(await mac()).toBe(before);
    await powerOn(name, "host-1");
    expect(await mac()).toBe(before);
  });
});

describe("the network cable", () => {
  it("cut, makes a host unreachable that runs on, also over a power cycle; mended, it answers", async () => {
    const { address } = host(1);
    await cut(name, "host-2");
    expect(await connect(address, 22)).toBeUndefined();
    expect((await runOnHost(name, "host-2", ["hostname"])).stdout).toBe("host-2\n");
    await powerCycle(name, "host-2");
    expect(await connect(address, 22)).toBeUndefined();
    expect((await readLab(name)).hosts[1]).toMatchObject({ power: "on", link: "down" });
    await mend(name, "host-2");
    // The first ARP question after the cut may have gone unanswered; the next comes a second later.
    const socket = await until("a connection over the mended cable", () => connect(address, 22));
    socket.destroy();
    const peer = await runOnHost(name, "host-1", ["ping", "-c", "1", "-W", "2", "host-2"]);
    expect(peer.code).toBe(0);
  });
});
