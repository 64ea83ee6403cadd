/** The client against real libvirt hosts, checked against what `virsh` says on the host itself. */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createGuest,
  type LabHost,
  type LabState,
  labDown,
  labUp,
  powerOff,
  powerOn,
  runOnHost,
} from "../../lab/index.ts";
import {
  agentAnswers,
  agentCommand,
  type Connection,
  connect,
  type DomainEvent,
  type DomainRef,
  domainStatus,
  domainXml,
  downloadVolume,
  fetchHostKey,
  findDomain,
  isNoDomain,
  isOverflow,
  listDomains,
  nodeInfo,
  qmp,
  readMetadata,
  resumeDomain,
  SshConnection,
  type Subscription,
  sshDialer,
  startDomain,
  supervise,
  suspendDomain,
  uploadVolume,
  versions,
  type wire,
  writeMetadata,
} from "./index.ts";

const labName = "lv";
const guestName = "lv-a";
let lab: LabState;
let host: LabHost;
let ssh: SshConnection;
let connection: Connection;
let guest: DomainRef;

/** What virsh says on the host, without the blank lines at its end. */
async function virsh(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await runOnHost(labName, host.name, ["virsh", ...argv]);
  if (code !== 0) throw new Error(`virsh ${argv.join(" ")}: ${stderr}`);
  return stdout.trim();
}

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

const sshTo = (to: LabHost, hostKeySha256 = to.hostKeySha256) =>
  new SshConnection({ host: to.address, username: "root", hostKeySha256, privateKey: { file: lab.identityFile } });

beforeAll(async () => {
  lab = await labUp({ name: labName, hosts: 2 });
  const [first] = lab.hosts;
  if (!first) throw new Error("the lab has no host");
  host = first;
  await createGuest(labName, { name: guestName, host: host.name });
  ssh = sshTo(host);
  connection = await connect({ dialer: sshDialer(ssh) });
  const found = await findDomain(connection, { name: guestName });
  if (!found) throw new Error("the guest is not there");
  guest = found;
});
afterAll(async () => {
  await connection?.close();
  ssh?.close();
  await labDown(labName);
});

describe("what virsh says, too", () => {
  it("the list, its states and reasons", async () => {
    const listed = await listDomains(connection);
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
    expect((await domainXml(connection, guest)).trim()).toBe(await virsh("dumpxml", guestName));
    const kept = await domainXml(connection, guest, { inactive: true });
    expect(kept.trim()).toBe(await virsh("dumpxml", "--inactive", guestName));
  });

  it("the machine and the versions", async () => {
    const info = await nodeInfo(connection);
    expect(fields(await virsh("nodeinfo"))).toMatchObject({
      "CPU model": info.model,
      "CPU(s)": String(info.cpus),
      "CPU socket(s)": String(info.sockets),
      "Core(s) per socket": String(info.coresPerSocket),
      "Thread(s) per core": String(info.threadsPerCore),
      "NUMA cell(s)": String(info.numaNodes),
      "Memory size": `${info.memoryKiB} KiB`,
    });
    const { driver, libvirt, hypervisor } = await versions(connection);
    expect(fields(await virsh("version"))).toMatchObject({
      "Using library": `libvirt ${libvirt}`,
      "Running hypervisor": `${driver} ${hypervisor}`,
    });
  });

  it("metadata under a namespace of its own", async () => {
    const key = { type: "element", uri: "urn:belay:test", prefix: "belay" } as const;
    await writeMetadata(connection, guest, key, "<mark n='1'/>", { live: true, config: true });
    expect(await virsh("metadata", guestName, "--uri", key.uri)).toBe('<mark n="1"/>');
    expect(await readMetadata(connection, guest, key)).toContain("mark");
    await writeMetadata(connection, guest, key, undefined, { live: true, config: true });
    expect(await readMetadata(connection, guest, key)).toBeUndefined();
  });

  it("who is not there", async () => {
    expect(await findDomain(connection, { name: "nobody" })).toBeUndefined();
    const uuid = "00000000-0000-4000-8000-000000000000";
    const error: unknown = await domainStatus(connection, { uuid }).catch((caught) => caught);
    expect(isNoDomain(error)).toBe(true);
    expect(error).toMatchObject({ codeName: "NO_DOMAIN", domainName: "QEMU", procedure: "domain_get_state" });
  });
});

describe("the connection", () => {
  it("answers many calls at once, also more than a daemon takes", async () => {
    const wide = await connect({ dialer: sshDialer(ssh), maxInFlight: 50 });
    const answers = await Promise.all(Array.from({ length: 200 }, () => domainStatus(wide, guest)));
    expect(new Set(answers.map(({ state }) => state))).toEqual(new Set(["running"]));
    await wide.close();
  });

  it("goes through libvirt's helper where the socket cannot be forwarded", async () => {
    const other = await connect({ dialer: sshDialer(ssh, { socketPath: "/nonexistent/socket" }) });
    expect(await listDomains(other)).toHaveLength(1);
    await other.close();
  });

  it("runs commands on the host beside it, with their arguments unharmed", async () => {
    const result = await ssh.exec(["printf", "%s|", "a b", "$HOME", "it's"], { timeoutMs: 10_000 });
    expect(result).toEqual({ code: 0, stdout: "a b|$HOME|it's|", stderr: "" });
    expect(await ssh.exec(["hostname"], { timeoutMs: 10_000 })).toMatchObject({ code: 0, stdout: `${host.name}\n` });
    expect(await ssh.exec(["sh", "-c", "cat >&2; exit 3"], { timeoutMs: 10_000, stdin: "in" })).toEqual({
      code: 3,
      stdout: "",
      stderr: "in",
    });
  });

  it("knows the host by its pinned key only", async () => {
    expect(await fetchHostKey({ host: host.address })).toEqual({
      algorithm: "ssh-ed25519",
      sha256: host.hostKeySha256,
    });
    const other = lab.hosts[1];
    if (!other) throw new Error("the lab has no second host");
    const wrong = sshTo(host, other.hostKeySha256);
    await expect(connect({ dialer: sshDialer(wrong) })).rejects.toMatchObject({
      code: "HostKeyMismatch",
      expected: other.hostKeySha256,
      actual: host.hostKeySha256,
    });
  });
});

describe("QEMU and the guest", () => {
  it("answer to the monitor, whose events come too", async () => {
    expect(await qmp(connection, guest, "query-status")).toMatchObject({ status: "running", running: true });
    await expect(qmp(connection, guest, "no-such-command")).rejects.toMatchObject({
      code: "QmpFailed",
      qmpClass: "CommandNotFound",
    });
    const events = await connection.monitorEvents({ event: "STOP" });
    await suspendDomain(connection, guest);
    expect(await nextThat(events, () => true)).toMatchObject({ event: "STOP", domain: { uuid: guest.uuid } });
    expect(await domainStatus(connection, guest)).toEqual({ state: "paused", reason: "user" });
    expect(await virsh("domstate", "--reason", guestName)).toBe("paused (user)");
    expect(await agentAnswers(connection, guest, { timeoutMs: 1000 })).toBe(false);
    await resumeDomain(connection, guest);
    await events.close();
  });

  it("answer to the guest agent", async () => {
    await until("the agent answers", () => agentAnswers(connection, guest, { timeoutMs: 2000 }));
    const name = await agentCommand(connection, guest, "guest-get-host-name", undefined, { timeoutMs: 5000 });
    expect(name).toEqual({ "host-name": guestName });
    await expect(agentCommand(connection, guest, "guest-no-such", undefined, { timeoutMs: 5000 })).rejects.toThrow();
  });

  it("show what the guest writes on its console", async () => {
    const stream = await connection.stream("domain_open_console", { dom: guest, dev_name: null, flags: 1 });
    const write = { path: "/bin/sh", arg: ["-c", "echo belay was here > /dev/ttyS0"] };
    await agentCommand(connection, guest, "guest-exec", write, { timeoutMs: 5000 });
    let text = "";
    while (!text.includes("belay was here")) {
      const item = await stream.read();
      if (item?.kind !== "data") throw new Error("the console ended");
      text += Buffer.from(item.bytes).toString();
    }
    await stream.abort();
    expect((await domainStatus(connection, guest)).state).toBe("running");
  });
});

describe("events", () => {
  const lifecycle = (event: string, detail: string) => (one: DomainEvent<"lifecycle">) =>
    one.event === event && one.detail === detail && one.domain.uuid === guest.uuid;

  it("tell of kill -9 of QEMU, and of the start after it", async () => {
    const events = await connection.subscribe(["lifecycle"]);
    await runOnHost(labName, host.name, ["sh", "-c", `kill -9 "$(cat /run/libvirt/qemu/${guestName}.pid)"`]);
    await nextThat(events, lifecycle("stopped", "failed"));
    expect(await domainStatus(connection, guest)).toEqual({ state: "shutoff", reason: "crashed" });
    expect(await virsh("domstate", "--reason", guestName)).toBe("shut off (crashed)");
    const started = await startDomain(connection, guest);
    await nextThat(events, lifecycle("started", "booted"));
    expect(String(started.id)).toBe(await virsh("domid", guestName));
    await events.close();
  });
});

describe("volumes", () => {
  const path = "/var/lib/libvirt/images/lv-pool";
  const sizeBytes = 3 * 1024 * 1024;
  let pool: wire.NonnullStoragePool;

  beforeAll(async () => {
    const xml = `<pool type='dir'><name>lv-pool</name><target><path>${path}</path></target></pool>`;
    pool = (await connection.call("storage_pool_create_xml", { xml, flags: 1 })).pool;
  });
  afterAll(async () => {
    await connection.call("storage_pool_destroy", { pool });
  });

  async function volume(name: string): Promise<wire.NonnullStorageVol> {
    // No allocation: what was never written is a hole.
    const size = `<capacity>${sizeBytes}</capacity><allocation>0</allocation>`;
    const xml = `<volume><name>${name}</name>${size}<target><format type='raw'/></target></volume>`;
    return (await connection.call("storage_vol_create_xml", { pool, xml, flags: 0 })).vol;
  }
  const remove = (vol: wire.NonnullStorageVol) => connection.call("storage_vol_delete", { vol, flags: 0 });

  it("go up and come down the same, to the host's own eyes as well", async () => {
    const vol = await volume("plain");
    const image = randomBytes(sizeBytes);
    await uploadVolume(connection, vol, [image.subarray(0, 1_000_000), image.subarray(1_000_000)]);
    const sum = createHash("sha256").update(image).digest("hex");
    const { stdout } = await runOnHost(labName, host.name, ["sha256sum", vol.key]);
    expect(stdout.split(" ")[0]).toBe(sum);
    const back = createHash("sha256");
    for await (const bytes of downloadVolume(connection, vol)) back.update(bytes);
    expect(back.digest("hex")).toBe(sum);
    const part: Uint8Array[] = [];
    for await (const bytes of downloadVolume(connection, vol, { offsetBytes: 4096n, lengthBytes: 100n }))
      part.push(bytes);
    expect(Buffer.concat(part).equals(image.subarray(4096, 4196))).toBe(true);
    await remove(vol);
  });

  it("come down sparse, their holes as holes, and go up so", async () => {
    const [from, to] = [await volume("sparse"), await volume("copy")];
    const block = randomBytes(65_536);
    await uploadVolume(connection, from, [block], { offsetBytes: 1_048_576n });
    const sparse = 1;
    const range = { offset: 0n, length: 0n, flags: sparse };
    const down = await connection.stream("storage_vol_download", { vol: from, ...range });
    const up = await connection.stream("storage_vol_upload", { vol: to, ...range });
    let holeBytes = 0n;
    let dataBytes = 0;
    for await (const item of down) {
      if (item.kind === "data") {
        dataBytes += item.bytes.length;
        await up.write(item.bytes);
      } else {
        holeBytes += item.lengthBytes;
        await up.writeHole(item.lengthBytes);
      }
    }
    await up.finish();
    expect(holeBytes + BigInt(dataBytes)).toBe(BigInt(sizeBytes));
    expect(holeBytes).toBeGreaterThanOrEqual(2_000_000n);
    const { stdout } = await runOnHost(labName, host.name, ["cmp", from.key, to.key]);
    expect(stdout).toBe("");
    await remove(from);
    await remove(to);
  });

  it("left half-way leave the connection in order", async () => {
    const vol = await volume("half");
    const broken = (function* () {
      yield randomBytes(500_000);
      throw new Error("the source broke");
    })();
    await expect(uploadVolume(connection, vol, broken)).rejects.toThrow("the source broke");
    for await (const bytes of downloadVolume(connection, vol)) {
      expect(bytes.length).toBeGreaterThan(0);
      break;
    }
    const tooFar = uploadVolume(connection, vol, [randomBytes(10)], { offsetBytes: BigInt(sizeBytes) * 2n });
    await tooFar.catch(() => undefined);
    expect((await listDomains(connection)).length).toBe(1);
    await remove(vol);
  });
});

describe("a host that dies in silence", () => {
  it("is noticed by keepalive, waited for, and connected to again", async () => {
    const second = lab.hosts[1];
    if (!second) throw new Error("the lab has no second host");
    const way = sshTo(second);
    const link = supervise({
      dialer: sshDialer(way),
      keepalive: { intervalMs: 300, count: 2 },
      connectTimeoutMs: 3000,
      backoff: { initialMs: 100, maxMs: 1000 },
    });
    const first = await link.connection({ timeoutMs: 20_000 });
    await powerOff(labName, second.name);
    expect((await first.closed).code).toBe("KeepaliveTimeout");
    await expect(link.connection({ timeoutMs: 2000 })).rejects.toMatchObject({ code: "CallTimeout" });
    await powerOn(labName, second.name);
    const again = await link.connection({ timeoutMs: 60_000 });
    expect(again).not.toBe(first);
    expect(await listDomains(again)).toEqual([]);
    await link.close();
    way.close();
  });
});
