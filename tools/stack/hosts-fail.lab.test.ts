import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isolate, labDown, labUp, powerOff, powerOn, readLab, rejoin } from "../../lab/index.ts";
import type { HostView, MaintenanceView } from "../../lib/contract/index.ts";
import { soak } from "../soak/soak.ts";
import { type CopyWatch, runningCopies, watchCopies } from "./copies.ts";
import { cloudOf, until } from "./enrol.ts";
import { allProtected, answers, type FaultLab, hostIncidents, openFaultLab, page, type Subject } from "./fault-lab.ts";

/** Hosts that fail, on real parts: libvirtd, QEMU, fence agent, PostgreSQL, the server as a process of its own. */

const name = "hosts-fail";
const undos: (() => Promise<void>)[] = [];
let fault: FaultLab;
let copies: CopyWatch;

beforeAll(async () => {
  await labUp({ name, hosts: 3 });
  fault = await openFaultLab({
    lab: { name },
    guests: { "fail-1": "host-1", "fail-2": "host-1", "fail-3": "host-2" },
    policy: { stormWindowMs: 5_000 }, // the tests' own deaths follow one another within a minute
    log: () => undefined,
    onEnd: (undo) => void undos.push(undo),
  });
  copies = watchCopies(new Map(fault.subjects.map(({ guest }) => [guest.uuid, guest.name])));
});

afterAll(async () => {
  await copies?.stop();
  for (const undo of undos.reverse()) await undo();
  await labDown(name);
});

const hostOf = async ({ vm }: Subject): Promise<HostView> => {
  const { vms, hosts } = await cloudOf(fault.server);
  const host = hosts.find((it) => it.id === vms.find(({ id }) => id === vm.id)?.hostId);
  if (host === undefined) throw new Error(`${vm.name} is on no host`);
  return host;
};
const bootsOf = (subjects: readonly Subject[]) =>
  Promise.all(subjects.map(async (it) => [it, await answers(it.guest)] as const));
const isBack = ([{ guest }, before]: readonly [Subject, string]) =>
  until(`${guest.name} back`, async () => {
    const now = await page(guest.address);
    return now !== undefined && now !== before ? true : undefined;
  });

describe("a host that dies", () => {
  test("is fenced, and its VMs run elsewhere once each, though the server is killed in the middle", async () => {
    const [first] = fault.subjects;
    if (first === undefined) throw new Error("there are no guests");
    const victim = await hostOf(first);
    const lost = [];
    for (const it of fault.subjects) if ((await hostOf(it)).id === victim.id) lost.push(it);
    const boots = await bootsOf(lost);
    await powerOff(name, victim.name);
    const incident = await until("the host's incident", async () =>
      (await hostIncidents(fault.server)).find((it) => it.hostId === victim.id && it.endedAt === null),
    );
    await fault.crashServer();
    await Promise.all(boots.map(isBack));
    const ended = await until("its end", async () =>
      (await hostIncidents(fault.server)).find((it) => it.id === incident.id && it.endedAt !== null),
    );
    expect(ended).toMatchObject({ cause: "host-dead", layer: "host", state: "repaired" });
    const running = await runningCopies(new Set(lost.map(({ guest }) => guest.uuid)));
    for (const it of lost) {
      expect((await hostOf(it)).id).not.toBe(victim.id);
      expect(running.get(it.guest.uuid)).toHaveLength(1);
    }
    expect(copies.doubles).toEqual([]);
  });

  test("is examined when it returns: it is used again, and no stale copy is left on it", async () => {
    const off = (await readLab(name)).hosts.filter((it) => it.power === "off");
    expect(off).toHaveLength(1);
    for (const host of off) await powerOn(name, host.name);
    await allProtected(fault);
    const { vms } = await cloudOf(fault.server);
    expect(vms).toHaveLength(fault.subjects.length);
    expect(copies.doubles).toEqual([]);
  });
});

test("a host that only Belay cannot reach is left alone", async () => {
  const boots = await bootsOf(fault.subjects);
  const known = new Set((await hostIncidents(fault.server)).map((it) => it.id));
  await isolate(name, "host-2");
  const incident = await until("it is told", async () =>
    (await hostIncidents(fault.server)).find((it) => !known.has(it.id)),
  );
  expect(incident).toMatchObject({ cause: "host-isolated" });
  await sleep(10_000); // that nothing happens for so long is what is tested
  expect((await readLab(name)).hosts.map((it) => it.power)).toEqual(["on", "on", "on"]);
  await rejoin(name, "host-2");
  await allProtected(fault);
  for (const [{ guest }, before] of boots) expect(await answers(guest)).toBe(before);
});

test("a host is emptied for maintenance without a guest noticing, and progress never runs backwards", async () => {
  const [subject] = fault.subjects;
  if (subject === undefined) throw new Error("there are no guests");
  const before = await answers(subject.guest);
  const host = await hostOf(subject);
  await fault.server.api("POST", `/hosts/${host.id}/maintenance`, { parallel: 1 });
  const seen = new Map<string, number>();
  await until("the host is empty", async () => {
    const { maintenances } = await fault.server.api<{ maintenances: MaintenanceView[] }>("GET", "/maintenances");
    const drain = maintenances.find((it) => it.hostId === host.id && it.endedAt === null);
    for (const move of drain?.moves ?? []) {
      expect(move.percent).toBeGreaterThanOrEqual(seen.get(move.vmId) ?? 0);
      seen.set(move.vmId, move.percent);
    }
    return drain?.state === "empty" ? true : undefined;
  });
  expect((await hostOf(subject)).id).not.toBe(host.id);
  expect(await answers(subject.guest)).toBe(before); // the same boot: it was moved, not started anew
  await fault.server.api("DELETE", `/hosts/${host.id}/maintenance`);
  await allProtected(fault);
  expect(copies.doubles).toEqual([]);
});

test("a short soak: random faults break no invariant", async () => {
  const result = await soak({
    fault,
    forMs: 60_000,
    seed: 3,
    signal: new AbortController().signal,
    log: () => undefined,
  });
  expect(result.broken).toEqual([]);
  expect(Object.values(result.faults).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(2);
}, 400_000);
