import { describe, expect, it } from "vitest";
import { powerOff, powerOn } from "../../lab/index.ts";
import {
  agentAnswers,
  agentCommand,
  connect,
  type DomainEvent,
  domainStatus,
  domainXml,
  fetchHostKey,
  findDomain,
  isNoDomain,
  isOverflow,
  listDomains,
  nodeInfo,
  qmp,
  readMetadata,
  resumeDomain,
  type Subscription,
  sshDialer,
  startDomain,
  supervise,
  suspendDomain,
  versions,
  writeMetadata,
} from "./index.ts";
import { labRig } from "./testing/lab-rig.ts";

const guestName = "lv-a";
const rig = labRig(guestName);

/** What virsh says on the host. */
const virsh = (...argv: string[]) => rig.onHost("virsh", ...argv);

/** "Key:   value" lines. */
function fields(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
    }),
  );
}

/** Reads events until one fits; fails when the subscription ends before. */
async function nextThat<T extends object>(events: Subscription<T>, fits: (event: T) => boolean): Promise<T> {
  const iterator = events[Symbol.asyncIterator]();
  for (let item = await iterator.next(); !item.done; item = await iterator.next()) {
    if (!isOverflow(item.value) && fits(item.value)) return item.value;
  }
  throw new Error("the events ended");
}

async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

describe("what virsh says, too", () => {
  it("the list, its states and reasons", async () => {
    const listed = await listDomains(rig.connection);
    expect(listed.map(({ domain }) => domain.name).sort()).toEqual(
      (await virsh("list", "--all", "--name")).split("\n").sort(),
    );
    for (const { domain, state, reason, persistent } of listed) {
      expect(await virsh("domstate", "--reason", domain.name)).toBe(`${state} (${reason})`);
      expect(await virsh("domuuid", domain.name)).toBe(domain.uuid);
      expect(fields(await virsh("dominfo", domain.name))).toMatchObject({
        Id: String(domain.id),
        Persistent: persistent ? "yes" : "no",
      });
    }
    expect(listed).toHaveLength(1);
  });

  it("the XML, running and kept", async () => {
    expect((await domainXml(rig.connection, rig.guest)).trim()).toBe(await virsh("dumpxml", guestName));
    const kept = await domainXml(rig.connection, rig.guest, { inactive: true });
    expect(kept.trim()).toBe(await virsh("dumpxml", "--inactive", guestName));
  });

  it("the machine and the versions", async () => {
    const info = await nodeInfo(rig.connection);
    expect(fields(await virsh("nodeinfo"))).toMatchObject({
      "CPU model": info.model,
      "CPU(s)": String(info.cpus),
      "CPU socket(s)": String(info.sockets),
      "Core(s) per socket": String(info.coresPerSocket),
      "Thread(s) per core": String(info.threadsPerCore),
      "NUMA cell(s)": String(info.numaNodes),
      "Memory size": `${info.memoryKiB} KiB`,
    });
    const { driver, libvirt, hypervisor } = await versions(rig.connection);
    expect(fields(await virsh("version"))).toMatchObject({
      "Using library": `libvirt ${libvirt}`,
      "Running hypervisor": `${driver} ${hypervisor}`,
    });
  });

  it("metadata under a namespace of its own", async () => {
    const key = { type: "element", uri: "urn:belay:test", prefix: "belay" } as const;
    await writeMetadata(rig.connection, rig.guest, key, "<mark n='1'/>", { live: true, config: true });
    expect(await virsh("metadata", guestName, "--uri", key.uri)).toBe('<mark n="1"/>');
    expect(await readMetadata(rig.connection, rig.guest, key)).toContain("mark");
    await writeMetadata(rig.connection, rig.guest, key, undefined, { live: true, config: true });
    expect(await readMetadata(rig.connection, rig.guest, key)).toBeUndefined();
  });

  it("who is not there", async () => {
    expect(await findDomain(rig.connection, { name: "nobody" })).toBeUndefined();
    const uuid = "00000000-0000-4000-8000-000000000000";
    const error: unknown = await domainStatus(rig.connection, { uuid }).catch((caught) => caught);
    expect(isNoDomain(error)).toBe(true);
    expect(error).toMatchObject({ codeName: "NO_DOMAIN", domainName: "QEMU", procedure: "domain_get_state" });
  });
});

describe("the connection", () => {
  it("answers many calls at once, also more than a daemon takes", async () => {
    const wide = await connect({ dialer: sshDialer(rig.ssh), maxInFlight: 50 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => domainStatus(wide, rig.guest)));
    expect(new Set(answers.map(({ state }) => state))).toEqual(new Set(["running"]));
    await wide.close();
  });

  it("goes through libvirt's helper where the socket cannot be forwarded", async () => {
    const other = await connect({ dialer: sshDialer(rig.ssh, { socketPath: "/nonexistent/socket" }) });
    expect(await listDomains(other)).toHaveLength(1);
    await other.close();
  });

  it("runs commands on the host beside it, with their arguments unharmed", async () => {
    const result = await rig.ssh.exec(["printf", "%s|", "a b", "$HOME", "it's"], { timeoutMs: 10_000 });
    expect(result).toEqual({ code: 0, stdout: "a b|$HOME|it's|", stderr: "" });
    expect(await rig.ssh.exec(["hostname"], { timeoutMs: 10_000 })).toMatchObject({
      code: 0,
      stdout: `${rig.host.name}\n`,
    });
    expect(await rig.ssh.exec(["sh", "-c", "cat >&2; exit 3"], { timeoutMs: 10_000, stdin: "in" })).toEqual({
      code: 3,
      stdout: "",
      stderr: "in",
    });
  });

  it("knows the host by its pinned key only", async () => {
    expect(await fetchHostKey({ host: rig.host.address })).toEqual({
      algorithm: "ssh-ed25519",
      sha256: rig.host.hostKeySha256,
    });
    const wrong = rig.sshTo(rig.host, rig.other.hostKeySha256);
    await expect(connect({ dialer: sshDialer(wrong) })).rejects.toMatchObject({
      code: "HostKeyMismatch",
      expected: rig.other.hostKeySha256,
      actual: rig.host.hostKeySha256,
    });
  });
});

describe("QEMU and the guest", () => {
  it("answer to the monitor, whose events come too", async () => {
    expect(await qmp(rig.connection, rig.guest, "query-status")).toMatchObject({ status: "running", running: true });
    await expect(qmp(rig.connection, rig.guest, "no-such-command")).rejects.toMatchObject({
      code: "QmpFailed",
      qmpClass: "CommandNotFound",
    });
    const events = await rig.connection.monitorEvents({ event: "STOP" });
    await suspendDomain(rig.connection, rig.guest);
    expect(await nextThat(events, () => true)).toMatchObject({ event: "STOP", domain: { uuid: rig.guest.uuid } });
    expect(await domainStatus(rig.connection, rig.guest)).toEqual({ state: "paused", reason: "user" });
    expect(await virsh("domstate", "--reason", guestName)).toBe("paused (user)");
    expect(await agentAnswers(rig.connection, rig.guest, { timeoutMs: 1000 })).toBe(false);
    await resumeDomain(rig.connection, rig.guest);
    await events.close();
  });

  it("answer to the guest agent", async () => {
    await until("the agent answers", () => agentAnswers(rig.connection, rig.guest, { timeoutMs: 2000 }));
    const name = await agentCommand(rig.connection, rig.guest, "guest-get-host-name", undefined, { timeoutMs: 5000 });
    expect(name).toEqual({ "host-name": guestName });
    await expect(
      agentCommand(rig.connection, rig.guest, "guest-no-such", undefined, { timeoutMs: 5000 }),
    ).rejects.toThrow();
  });

  it("show what the guest writes on its console", async () => {
    const stream = await rig.connection.stream("domain_open_console", { dom: rig.guest, dev_name: null, flags: 1 });
    const write = { path: "/bin/sh", arg: ["-c", "echo belay was here > /dev/ttyS0"] };
    await agentCommand(rig.connection, rig.guest, "guest-exec", write, { timeoutMs: 5000 });
    let text = "";
    while (!text.includes("belay was here")) {
      const item = await stream.read();
      if (item?.kind !== "data") throw new Error("the console ended");
      text += Buffer.from(item.bytes).toString();
    }
    await stream.abort();
    expect((await domainStatus(rig.connection, rig.guest)).state).toBe("running");
  });
});

describe("events", () => {
  const lifecycle = (event: string, detail: string) => (one: DomainEvent<"lifecycle">) =>
    one.event === event && one.detail === detail && one.domain.uuid === rig.guest.uuid;

  it("tell of kill -9 of QEMU, and of the start after it", async () => {
    const events = await rig.connection.subscribe(["lifecycle"]);
    await rig.onHost("sh", "-c", `kill -9 "$(cat /run/libvirt/qemu/${guestName}.pid)"`);
    await nextThat(events, lifecycle("stopped", "failed"));
    expect(await domainStatus(rig.connection, rig.guest)).toEqual({ state: "shutoff", reason: "crashed" });
    expect(await virsh("domstate", "--reason", guestName)).toBe("shut off (crashed)");
    const started = await startDomain(rig.connection, rig.guest);
    await nextThat(events, lifecycle("started", "booted"));
    expect(String(started.id)).toBe(await virsh("domid", guestName));
    await events.close();
  });
});

describe("a host that dies in silence", () => {
  it("is noticed by keepalive, waited for, and connected to again", async () => {
    const way = rig.sshTo(rig.other);
    const link = supervise({
      dialer: sshDialer(way),
      keepalive: { intervalMs: 300, count: 2 },
      connectTimeoutMs: 3000,
      backoff: { initialMs: 100, maxMs: 1000 },
    });
    const first = await link.connection({ timeoutMs: 20_000 });
    await powerOff(rig.lab.name, rig.other.name);
    expect((await first.closed).code).toBe("KeepaliveTimeout");
    await expect(link.connection({ timeoutMs: 2000 })).rejects.toMatchObject({ code: "CallTimeout" });
    await powerOn(rig.lab.name, rig.other.name);
    const again = await link.connection({ timeoutMs: 60_000 });
    expect(again).not.toBe(first);
    expect(await listDomains(again)).toEqual([]);
    await link.close();
    way.close();
  });
});
