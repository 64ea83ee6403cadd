import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createGuest, type GuestInfo, type LabState, labDown, labUp, runOnHost } from "../../lab/index.ts";
import type { HostSignal, Log } from "../engine/ports.ts";
import { idSource } from "../model/index.ts";
import { createExaminer, createHypervisor, createProber, ensureIdentity, type Identity, systemClock } from "./index.ts";

const name = "hv";
const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };

let lab: LabState;
let guest: GuestInfo;
let dir: string;
let identity: Identity;

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-hv-"));
  identity = await ensureIdentity(dir);
  lab = await labUp({ name, hosts: 1, authorize: [identity.publicKey] });
  guest = await createGuest(name, { name: "hv-1", host: "host-1" });
});

afterAll(async () => {
  await labDown(name);
  await rm(dir, { recursive: true, force: true });
});

const theHost = () => {
  const [host] = lab.hosts;
  if (host === undefined) throw new Error("the lab has no host");
  const id = idSource(Date.now, Math.random).next("hst");
  return { id, name: host.name, uri: host.uri, hostKeySha256: host.hostKeySha256 };
};

const virsh = async (...argv: string[]) => (await runOnHost(name, "host-1", ["virsh", ...argv])).stdout.trim();

/** Reads the host's signals until one is as wanted. */
async function until<T extends HostSignal>(
  signals: AsyncIterator<HostSignal>,
  wanted: (it: HostSignal) => it is T,
): Promise<T> {
  for (;;) {
    const { value, done } = await signals.next();
    if (done === true) throw new Error("the watch ended");
    if (wanted(value)) return value;
  }
}
const connected = (it: HostSignal) => it.kind === "connected";
const says =
  (what: string) =>
  (it: HostSignal): it is HostSignal & { kind: "domain" } =>
    it.kind === "domain" && it.what === what;

describe("a real host", () => {
  const hypervisor = () => createHypervisor({ identityFile: identity.identityFile, clock: systemClock, log: quiet });

  test("is told of, read, killed and started as virsh sees it", async () => {
    const port = hypervisor();
    const host = theHost();
    const stop = new AbortController();
    const signals = port.watch(host, stop.signal)[Symbol.asyncIterator]();
    const { facts } = await until(signals, connected);
    expect(await virsh("version")).toContain(facts.libvirtVersion);

    const sight = await port.readDomain(host.id, guest.uuid);
    expect(sight).toMatchObject({ name: "hv-1", state: "running", persistent: true, memoryMiB: 256, vcpus: 1 });
    expect(await port.listDomains(host.id)).toEqual([sight]);
    expect(await virsh("domid", "hv-1")).toBe(String(sight?.runId));
    const definition = await port.readDefinition(host.id, guest.uuid);
    expect(definition.xml).toContain(guest.uuid);
    expect(definition.diskPaths).toHaveLength(2); // its disk and its seed

    const runId = sight?.runId ?? -1;
    const stale = await port.inject(host.id, { uuid: guest.uuid, name: "hv-1", runId: runId + 1 }, "kill-qemu");
    expect(stale.done).toBe(false);
    expect(await port.inject(host.id, { uuid: guest.uuid, name: "hv-1", runId }, "kill-qemu")).toMatchObject({
      done: true,
    });
    await until(signals, says("stopped failed"));
    expect(await port.readDomain(host.id, guest.uuid)).toMatchObject({
      state: "stopped",
      reason: "crashed",
      runId: null,
    });

    expect(await port.act(host.id, guest.uuid, "resume")).toMatchObject({ done: false });
    expect(await port.act(host.id, guest.uuid, "start")).toMatchObject({ done: true });
    expect(await port.act(host.id, guest.uuid, "start")).toMatchObject({ done: false });
    expect(await port.act(host.id, guest.uuid, "destroy")).toMatchObject({ done: false }); // it runs
    expect(await virsh("domstate", "hv-1")).toBe("running");

    expect(await port.act(host.id, guest.uuid, "switch-off")).toMatchObject({ done: true });
    expect(await virsh("domstate", "hv-1")).toBe("shut off");
    expect(await port.act(host.id, guest.uuid, "switch-off")).toMatchObject({ done: false });
    expect(await port.act(host.id, guest.uuid, "start")).toMatchObject({ done: true });

    await virsh("suspend", "hv-1");
    expect(await port.readDomain(host.id, guest.uuid)).toMatchObject({ state: "paused", reason: "user" });
    expect(await port.act(host.id, guest.uuid, "resume")).toMatchObject({ done: true });
    expect(await virsh("domstate", "hv-1")).toBe("running");

    stop.abort();
    await signals.return?.();
    await expect(port.readDomain(host.id, guest.uuid)).rejects.toMatchObject({ name: "HostUnreachable" });
  });

  test("has guests that answer by agent, ICMP and TCP", async () => {
    const port = hypervisor();
    const host = theHost();
    const stop = new AbortController();
    const signals = port.watch(host, stop.signal)[Symbol.asyncIterator]();
    await until(signals, connected);
    const prober = createProber({ hypervisor: port });
    const vm = { hostId: host.id, uuid: guest.uuid };
    const checks = [
      { kind: "agent" },
      { kind: "icmp", address: guest.address },
      { kind: "tcp", address: guest.address, port: 80 },
    ] as const;
    for (const check of checks) {
      await expect.poll(() => prober.answers(vm, check, 2_000), { timeout: 60_000, interval: 200 }).toBe(true);
    }
    expect(await prober.answers(vm, { kind: "tcp", address: guest.address, port: 81 }, 500)).toBe(false);
    stop.abort();
    await signals.return?.();
  });

  test("has guests that end by themselves when they are asked to, and are switched off no more then", async () => {
    const port = hypervisor();
    const host = theHost();
    const stop = new AbortController();
    const signals = port.watch(host, stop.signal)[Symbol.asyncIterator]();
    await until(signals, connected);
    const answers = () => port.agentAnswers(host.id, guest.uuid, 2_000).catch(() => false);
    await expect.poll(answers, { timeout: 60_000, interval: 200 }).toBe(true);
    expect(await port.act(host.id, guest.uuid, "shut-down")).toMatchObject({ done: true });
    await until(signals, says("stopped shutdown"));
    expect(await port.readDomain(host.id, guest.uuid)).toMatchObject({ state: "stopped", reason: "shutdown" });
    expect(await port.act(host.id, guest.uuid, "shut-down")).toMatchObject({ done: false });
    expect(await port.act(host.id, guest.uuid, "switch-off")).toMatchObject({ done: false });
    stop.abort();
    await signals.return?.();
  });

  test("whose key is another than the approved one is not logged in to", async () => {
    const port = hypervisor();
    const stop = new AbortController();
    const wrong = { ...theHost(), hostKeySha256: `SHA256:${"A".repeat(43)}` };
    const signals = port.watch(wrong, stop.signal)[Symbol.asyncIterator]();
    const lost = await until(signals, (it) => it.kind === "disconnected");
    expect(lost.words).toContain(wrong.hostKeySha256);
    stop.abort();
    await signals.return?.();
  });
});

describe("before a host is enrolled", () => {
  test("its key is shown, and nobody logs in until it is approved", async () => {
    const host = theHost();
    const examiner = createExaminer({ identityFile: identity.identityFile });
    const first = await examiner.examine(host.uri, undefined);
    expect(first).toMatchObject({ hostKeySha256: host.hostKeySha256, ready: false });
    expect(first.checks.map((check) => check.name)).toEqual(["host-key"]);

    const second = await examiner.examine(host.uri, first.hostKeySha256);
    expect(second.checks.filter((check) => !check.ok)).toEqual([]);
    expect(second).toMatchObject({ ready: true, hostName: "host-1" });
  });

  test("a lack comes with its cure", async () => {
    const stranger = await ensureIdentity(path.join(dir, "stranger"));
    const host = theHost();
    const seen = await createExaminer({ identityFile: stranger.identityFile }).examine(host.uri, host.hostKeySha256);
    const login = seen.checks.find((check) => check.name === "ssh-login");
    expect(login).toMatchObject({ ok: false, cure: expect.stringContaining(stranger.publicKey) });

    const nobody = createExaminer({ identityFile: identity.identityFile }).examine(
      "qemu+ssh://root@127.0.0.1:1/system",
      undefined,
    );
    await expect(nobody).rejects.toMatchObject({ code: "host-unreachable", field: "uri" });
  });
});
