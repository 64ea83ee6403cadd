import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createGuest,
  cut,
  type GuestInfo,
  type LabState,
  labDown,
  labUp,
  mend,
  runOnHost,
  stopLibvirtd,
} from "../../lab/index.ts";
import type { Fenced, Log, MigrationProgress } from "../engine/ports.ts";
import { type Host, idSource } from "../model/index.ts";
import { createHypervisor, ensureIdentity, systemClock } from "./index.ts";

/** Copies of VMs on two real hosts, and how the hosts see each other. */

const name = "hc";
const quiet: Log = { info: () => {}, warn: () => {}, error: () => {} };
const ids = idSource(Date.now, Math.random);
type Address = Pick<Host, "id" | "name" | "uri" | "hostKeySha256">;

let lab: LabState;
let dir: string;
let guest: GuestInfo;
let port: ReturnType<typeof createHypervisor>;
let one: Address;
let two: Address;
const stop = new AbortController();

/** Watches a host and resolves when it is connected; what it says later is drained. */
async function watched(host: Address): Promise<Address> {
  const signals = port.watch(host, stop.signal)[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await signals.next();
    if (done) throw new Error("the watch ended");
    if (value.kind === "connected") break;
  }
  void (async () => {
    while ((await signals.next()).done !== true);
  })();
  return host;
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "belay-hc-"));
  const { identityFile, publicKey } = await ensureIdentity(dir);
  lab = await labUp({ name, hosts: 2, authorize: [publicKey] });
  guest = await createGuest(name, { name: "hc-1", host: "host-1" });
  port = createHypervisor({ identityFile, clock: systemClock, log: quiet });
  const addresses = lab.hosts.map((host) => ({
    id: ids.next("hst"),
    name: host.name,
    uri: host.uri,
    hostKeySha256: host.hostKeySha256,
  }));
  const [first, second] = addresses;
  if (first === undefined || second === undefined) throw new Error("the lab has too few hosts");
  one = await watched(first);
  two = await watched(second);
});
afterAll(async () => {
  stop.abort();
  await labDown(name);
  await rm(dir, { recursive: true, force: true });
});

const virsh = async (host: string, ...argv: string[]) =>
  (await runOnHost(name, host, ["virsh", ...argv])).stdout.trim();
/** Here the tests vouch for what only the engine may: the proof itself is not looked at by the adapter. */
const proof = () => ({ host: one.id, method: "power", at: Date.now(), words: "" }) as unknown as Fenced;

describe("copies of a VM", () => {
  test("a disk that another QEMU holds is refused in libvirt's words, and nothing stays behind", async () => {
    const { xml, diskPaths } = await port.readDefinition(one.id, guest.uuid);
    expect(diskPaths.some((it) => it.startsWith("/srv/belay-shared/"))).toBe(true);
    const start = port.startElsewhere(two.id, { uuid: guest.uuid, name: "hc-1" }, xml, 2, proof());
    await expect(start).rejects.toMatchObject({ name: "HypervisorRefused", message: expect.stringMatching(/lock/i) });
    expect(await port.copiesOn(two.id)).toEqual([]);
    expect(await virsh("host-1", "domstate", "hc-1")).toBe("running");
  });

  test("moves live, keeps its generation, and twice is once", async () => {
    const seen: MigrationProgress[] = [];
    const move = () => port.migrate(one.id, guest.uuid, two, 2, (it) => seen.push(it), new AbortController().signal);
    await move();
    await move();
    expect(seen.length).toBeGreaterThan(0);
    expect(await port.copiesOn(one.id)).toEqual([]);
    const copy = { uuid: guest.uuid, name: "hc-1", generation: 2, active: true };
    expect(await port.copiesOn(two.id)).toEqual([copy]);
    expect(await port.readDomain(two.id, guest.uuid)).toMatchObject({ state: "running", persistent: true });
    expect((await port.readDefinition(two.id, guest.uuid)).xml).toContain('generation="2"');
  });

  test("a move that is called off leaves it where it was", async () => {
    const ending = new AbortController();
    const reason = new Error("called off");
    await virsh("host-2", "migrate-setspeed", "hc-1", "1");
    const onProgress = ({ bytesTotal }: MigrationProgress) => {
      if (bytesTotal > 0) ending.abort(reason);
    };
    await expect(port.migrate(two.id, guest.uuid, one, 3, onProgress, ending.signal)).rejects.toBe(reason);
    expect(await virsh("host-2", "domstate", "hc-1")).toBe("running");
    expect(await port.copiesOn(one.id)).toEqual([]);
  });

  test("its vitals grow while it runs, and it can be reset", async () => {
    const before = await port.vitals(two.id, guest.uuid);
    expect(before.cpuTimeMs).toBeGreaterThan(0);
    expect(await port.act(two.id, guest.uuid, "reset")).toMatchObject({ done: true });
    // It boots: a counter of a new QEMU begins at 0, so the move took the old numbers away.
    const grown = async () => {
      // Only what it sends is counted, and it sends nothing before it is asked.
      await fetch(`http://${guest.address}/`, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
      const { cpuTimeMs, blockRequests, netPackets } = await port.vitals(two.id, guest.uuid);
      return cpuTimeMs > before.cpuTimeMs && blockRequests > before.blockRequests && netPackets > before.netPackets;
    };
    await expect.poll(grown, { timeout: 30_000 }).toBe(true);
  });

  test("released here, started there with its generation; older copies are discarded, newer ones never", async () => {
    const { xml } = await port.readDefinition(two.id, guest.uuid);
    expect(await port.release(two.id, guest.uuid)).toMatchObject({ done: true });
    expect(await port.release(two.id, guest.uuid)).toMatchObject({ done: false });
    const start = (generation: number) =>
      port.startElsewhere(one.id, { uuid: guest.uuid, name: "hc-1" }, xml, generation, proof());
    expect(await start(4)).toMatchObject({ done: true });
    expect(await start(4)).toMatchObject({ done: false });
    await expect(start(3)).rejects.toMatchObject({
      name: "HypervisorRefused",
      message: expect.stringContaining("newer"),
    });
    await expect(start(5)).rejects.toMatchObject({
      name: "HypervisorRefused",
      message: expect.stringContaining("older"),
    });
    expect(await port.copiesOn(one.id)).toEqual([{ uuid: guest.uuid, name: "hc-1", generation: 4, active: true }]);

    expect(await port.discard(one.id, guest.uuid, 4)).toMatchObject({ done: false });
    expect(await virsh("host-1", "domstate", "hc-1")).toBe("running");
    expect(await port.discard(one.id, guest.uuid, 5)).toMatchObject({ done: true });
    expect(await port.discard(one.id, guest.uuid, 5)).toMatchObject({ done: false });
    expect(await port.copiesOn(one.id)).toEqual([]);
  });
});

describe("a host", () => {
  test("is heard all the time, and reached from its peer, until its cable is cut", async () => {
    await expect.poll(() => Date.now() - (port.heardAt(one.id) ?? 0)).toBeLessThan(1_000);
    expect(await port.reachedFrom(two.id, one, 800)).toBe(true);
    expect(await port.sshAnswers(one.id, 2_000)).toBe(true);
    await cut(name, one.name);
    const heardAt = port.heardAt(one.id) ?? 0;
    expect(await port.reachedFrom(two.id, one, 800)).toBe(false);
    expect(await port.reachedFrom(one.id, two, 800)).toBeUndefined();
    expect(await port.sshAnswers(one.id, 800)).toBe(false);
    expect(port.heardAt(one.id)).toBe(heardAt); // not one packet: the engine takes any change for a sign of life
    await mend(name, one.name);
    await expect.poll(() => port.heardAt(one.id) ?? 0, { timeout: 30_000 }).toBeGreaterThan(heardAt + 500);
  });

  test("whose libvirtd is dead lets Belay in, and has it started again", async () => {
    await stopLibvirtd(name, two.name);
    await expect(port.listDomains(two.id)).rejects.toMatchObject({ name: "HostUnreachable" });
    expect(await port.sshAnswers(two.id, 2_000)).toBe(true);
    expect(await port.restartLibvirtd(two.id)).toEqual({ done: true, words: "Started by libvirtd -d." });
    expect(await port.restartLibvirtd(two.id)).toMatchObject({ done: false });
    await expect.poll(() => port.listDomains(two.id).catch(() => undefined), { timeout: 30_000 }).toEqual([]);
  });
});
