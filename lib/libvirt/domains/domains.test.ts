import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { isRpcError, QmpError } from "../errors.ts";
import { isNoDomain, isOperationInvalid } from "../libvirt-error.ts";
import { FakeHost, FakeLibvirtError, noReply } from "../testing/index.ts";
import { nodeInfo, versions, versionText } from "./host.ts";
import { domainJob } from "./jobs.ts";
import {
  destroyDomain,
  domainXml,
  resetDomain,
  resumeDomain,
  shutdownDomain,
  startDomain,
  suspendDomain,
} from "./lifecycle.ts";
import { readMetadata, writeMetadata } from "./metadata.ts";
import { agentAnswers, agentCommand, hmp, qmp } from "./qemu.ts";
import { domainInfo, domainStatus, findDomain, listDomains, statusOf } from "./status.ts";

const uuid = "6695eb01-f6a4-8304-79aa-97f2502e193f";
const other = "6695eb01-f6a4-8304-79aa-97f2502e1940";
let host: FakeHost;
let connection: Connection;

beforeEach(async () => {
  host = new FakeHost();
  connection = await connect({ dialer: host.server.dialer(), keepalive: false });
});
afterEach(() => connection.close());

const lastCall = () => host.server.allClients[0]?.calls.at(-1);

describe("domains", () => {
  it("are listed with state, reason and whether they are kept", async () => {
    host.add("web", uuid);
    host.add("once", other, false);
    await startDomain(connection, { uuid });
    expect(await listDomains(connection)).toEqual([
      { domain: { name: "web", uuid, id: 1 }, state: "running", reason: "booted", persistent: true },
      { domain: { name: "once", uuid: other, id: -1 }, state: "shutoff", reason: "unknown", persistent: false },
    ]);
  });

  it("are listed also by a driver without statistics, less those that go meanwhile", async () => {
    host.add("web", uuid);
    host.add("gone", other);
    host.server.handle({
      connect_get_all_domain_stats: () => {
        throw new FakeLibvirtError(3, "this function is not supported by the connection driver");
      },
      domain_get_state: ({ dom }) => {
        if (dom.uuid === other) throw new FakeLibvirtError(42, "Domain not found");
        return { state: 3, reason: 5 };
      },
    });
    expect(await listDomains(connection)).toEqual([
      { domain: { name: "web", uuid, id: -1 }, state: "paused", reason: "ioerror", persistent: true },
    ]);
  });

  it("go through their life", async () => {
    const domain = host.add("web", uuid);
    const events = await connection.subscribe(["lifecycle"]);
    expect(await startDomain(connection, { uuid })).toEqual({ name: "web", uuid, id: 1 });
    expect(await startDomain(connection, { uuid }).catch(isOperationInvalid)).toBe(true);
    await suspendDomain(connection, { uuid });
    expect(await domainStatus(connection, { uuid })).toEqual({ state: "paused", reason: "user" });
    await resumeDomain(connection, { uuid });
    await resetDomain(connection, { uuid });
    host.kill(domain);
    expect(await domainStatus(connection, { uuid })).toEqual({ state: "shutoff", reason: "crashed" });
    await startDomain(connection, { uuid });
    await destroyDomain(connection, { uuid });
    const seen: string[] = [];
    for await (const event of events) {
      if ("event" in event && seen.push(`${event.event} ${event.detail}`) === 6) break;
    }
    expect(seen).toEqual([
      "started booted",
      "suspended paused",
      "resumed unpaused",
      "stopped failed",
      "started booted",
      "stopped destroyed",
    ]);
    expect(await domainXml(connection, { uuid })).toContain("<name>web</name>");
  });

  it("that do not exist are undefined, or an error that says so", async () => {
    expect(await findDomain(connection, { uuid })).toBeUndefined();
    expect(await domainStatus(connection, { uuid }).catch(isNoDomain)).toBe(true);
  });

  it("turn options into libvirt's bits", async () => {
    host.add("web", uuid);
    await domainXml(connection, { uuid }, { inactive: true, secure: true });
    expect(lastCall()?.args).toEqual({ dom: { name: "", uuid, id: -1 }, flags: 3 });
    await startDomain(connection, { uuid }, { paused: true, forceBoot: true });
    expect(lastCall()?.args).toMatchObject({ flags: 9 });
    host.server.handle({ domain_shutdown_flags: () => undefined });
    await shutdownDomain(connection, { uuid }, { agent: true, timeoutMs: 1000 });
    expect(lastCall()?.args).toMatchObject({ flags: 2 });
  });

  it("states and reasons newer than this client are shown by number", () => {
    expect(statusOf(3, 99)).toEqual({ state: "paused", reason: "unknown(99)" });
    expect(statusOf(99, 1)).toEqual({ state: "unknown(99)", reason: "unknown(1)" });
  });

  it("tell their size and work", async () => {
    host.server.handle({
      domain_get_info: () => ({ state: 1, maxMem: 262_144n, memory: 131_072n, nrVirtCpu: 2, cpuTime: 5n }),
    });
    expect(await domainInfo(connection, { uuid })).toEqual({
      state: "running",
      maxMemoryKiB: 262_144,
      memoryKiB: 131_072,
      vcpus: 2,
      cpuTimeNs: 5n,
    });
  });
});

describe("metadata", () => {
  it("is read and written under a namespace of its own", async () => {
    const element = { type: "element", uri: "urn:belay", prefix: "belay" } as const;
    host.server.handle({
      domain_set_metadata: () => undefined,
      domain_get_metadata: () => {
        throw new FakeLibvirtError(80, "metadata not found");
      },
    });
    await writeMetadata(connection, { uuid }, element, "<a/>", { live: true, config: true });
    expect(lastCall()?.args).toMatchObject({ type: 2, metadata: "<a/>", key: "belay", uri: "urn:belay", flags: 3 });
    await writeMetadata(connection, { uuid }, { type: "title" }, undefined);
    expect(lastCall()?.args).toMatchObject({ type: 1, metadata: null, key: null, uri: null, flags: 0 });
    expect(await readMetadata(connection, { uuid }, element)).toBeUndefined();
    host.server.handle({ domain_get_metadata: () => ({ metadata: "<a/>" }) });
    expect(await readMetadata(connection, { uuid }, element)).toBe("<a/>");
  });
});

describe("jobs and the host", () => {
  it("a job's type, operation and age", async () => {
    host.server.handle({
      domain_get_job_stats: () => ({
        type: 2,
        params: [
          { field: "operation", value: { type: "int", value: 9 } },
          { field: "time_elapsed", value: { type: "ullong", value: 1500n } },
        ],
      }),
    });
    expect(await domainJob(connection, { uuid })).toMatchObject({
      type: "unbounded",
      operation: "backup",
      elapsedMs: 1500,
    });
  });

  it("the machine and its versions", async () => {
    const model = new Uint8Array(32);
    model.set(Buffer.from("x86_64"));
    host.server.handle({
      node_get_info: () => ({ model, memory: 1024n, cpus: 2, mhz: 2600, nodes: 1, sockets: 1, cores: 2, threads: 1 }),
      connect_get_type: () => ({ type: "QEMU" }),
      connect_get_lib_version: () => ({ lib_ver: 9_000_000n }),
      connect_get_version: () => ({ hv_ver: 7_002_022n }),
    });
    expect(await nodeInfo(connection)).toEqual({
      model: "x86_64",
      memoryKiB: 1024,
      cpus: 2,
      mhz: 2600,
      numaNodes: 1,
      sockets: 1,
      coresPerSocket: 2,
      threadsPerCore: 1,
    });
    expect(await versions(connection)).toEqual({ driver: "QEMU", libvirt: "9.0.0", hypervisor: "7.2.22" });
    expect(versionText(10_011_001n)).toBe("10.11.1");
  });
});

describe("QEMU's monitor", () => {
  it("gives the return value, or QMP's error", async () => {
    host.server.handle({
      "qemu.domain_monitor_command": ({ cmd }) => ({
        result: cmd.includes("query-status")
          ? '{"return":{"status":"running"},"id":"libvirt-9"}'
          : '{"id":"libvirt-10","error":{"class":"CommandNotFound","desc":"The command nope has not been found"}}',
      }),
    });
    expect(await qmp(connection, { uuid }, "query-status")).toEqual({ status: "running" });
    expect(lastCall()?.args).toMatchObject({ cmd: '{"execute":"query-status","arguments":{}}', flags: 0 });
    const error: unknown = await qmp(connection, { uuid }, "nope").catch((caught) => caught);
    expect(error).toBeInstanceOf(QmpError);
    expect(error).toMatchObject({ code: "QmpFailed", qmpClass: "CommandNotFound" });
  });

  it("speaks to people too", async () => {
    host.server.handle({ "qemu.domain_monitor_command": () => ({ result: "VM status: running" }) });
    expect(await hmp(connection, { uuid }, "info status")).toBe("VM status: running");
    expect(lastCall()?.args).toMatchObject({ cmd: "info status", flags: 1 });
  });
});

describe("the guest agent", () => {
  const dom = { uuid };

  it("answers, and gets whole seconds", async () => {
    host.server.handle({ "qemu.domain_agent_command": () => ({ result: '{"return":{"n":1}}' }) });
    const answer = await agentCommand(connection, dom, "guest-info", { a: 1 }, { timeoutMs: 1500 });
    expect(answer).toEqual({ n: 1 });
    expect(lastCall()?.args).toMatchObject({ cmd: '{"execute":"guest-info","arguments":{"a":1}}', timeout: 2 });
    expect(await agentAnswers(connection, dom, { timeoutMs: 500 })).toBe(true);
    expect(lastCall()?.args).toMatchObject({ cmd: '{"execute":"guest-ping"}', timeout: 1 });
  });

  it.each([
    ["is not there", 86],
    ["is not configured", 74],
    ["belongs to a domain that does not run", 55],
  ])("does not answer when it %s", async (_what, code) => {
    host.server.handle({
      "qemu.domain_agent_command": () => {
        throw new FakeLibvirtError(code, "no agent");
      },
    });
    expect(await agentAnswers(connection, dom, { timeoutMs: 500 })).toBe(false);
  });

  it("does not answer when its time is up; an unknown domain is still an error", async () => {
    host.server.handle({ "qemu.domain_agent_command": () => noReply });
    expect(await agentAnswers(connection, dom, { timeoutMs: 20 })).toBe(false);
    host.server.handle({
      "qemu.domain_agent_command": () => {
        throw new FakeLibvirtError(42, "Domain not found");
      },
    });
    expect(await agentAnswers(connection, dom, { timeoutMs: 20 }).catch(isNoDomain)).toBe(true);
  });

  it("that sends no JSON is a protocol error of that call only", async () => {
    host.server.handle({ "qemu.domain_agent_command": () => ({ result: "garbage" }) });
    const error: unknown = await agentCommand(connection, dom, "guest-ping", undefined, { timeoutMs: 500 }).catch(
      (e) => e,
    );
    expect(isRpcError(error, "ProtocolError")).toBe(true);
    expect(connection.closedBy).toBeUndefined();
  });
});
