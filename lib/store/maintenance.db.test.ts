import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Move } from "../model/index.ts";
import { enrol, type StoreBench, storeBench } from "./testing/fixtures.ts";
import { twoHosts } from "./testing/hosts-that-fail.ts";

let bench: StoreBench;
beforeAll(async () => {
  bench = await storeBench();
});
afterAll(() => bench.close());

const seq = () => bench.store.feed.lastSeq();
const begin = (hostId: Parameters<StoreBench["service"]["beginMaintenance"]>[0]["hostId"], at = 3000) =>
  bench.service.beginMaintenance({ id: bench.ids.next("mnt"), hostId, parallel: 2 }, bench.admin, at);

async function audits(subject: string): Promise<string> {
  const client = new pg.Client({ connectionString: bench.database.url });
  await client.connect();
  const { rows } = await client.query("SELECT action, details FROM audit WHERE subject = $1 ORDER BY id", [subject]);
  await client.end();
  return JSON.stringify(rows);
}

describe("maintenance", () => {
  test("is one at a time per host, of two that begin at once one wins", async () => {
    const host = await enrol(bench, "once");
    const both = await Promise.allSettled([begin(host.id), begin(host.id)]);
    expect(both.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
    const [open] = await bench.engine.openMaintenances();
    expect(open).toMatchObject({ hostId: host.id, state: "draining", parallel: 2, moves: [] });
    expect(await bench.service.host(host.id)).toMatchObject({ standing: "maintenance" });
    if (open === undefined) throw new Error("it began");
    expect(await bench.service.beginMaintenance(open, bench.admin, 3100)).toEqual(open); // a request sent again
    await bench.service.endMaintenance(open.id, bench.admin, 3200);
    const ended = await bench.service.endMaintenance(open.id, bench.admin, 3300);
    expect(ended).toMatchObject({ state: "ended", endedAt: 3200 });
    expect(await bench.service.host(host.id)).toMatchObject({ standing: "in-use" });
    await bench.engine.recordMaintenance(open.id, "empty", "late", 3400);
    expect(await bench.engine.maintenance(open.id)).toEqual(ended);
    expect(await begin(host.id, 3500)).toMatchObject({ state: "draining" });
  });

  test("cannot begin on a host that is being fenced", async () => {
    const host = await enrol(bench, "fencing");
    await bench.engine.recordStanding(host.id, "fencing", "Nobody hears of it.", 2000);
    await expect(begin(host.id)).rejects.toMatchObject({ code: "conflict" });
    expect((await bench.service.maintenances()).some((it) => it.hostId === host.id)).toBe(false);
  });

  test("shows a move that never runs backwards while it lasts", async () => {
    const { host, other, vm } = await twoHosts(bench, "moves", ["a"]);
    const { id } = await begin(host.id);
    const move: Move = {
      ...{ vmId: vm.id, name: vm.name, toHostId: other.id, state: "moving", phase: "copying memory" },
      ...{ percent: 40, bytesDone: 3_000_000_000, bytesTotal: 8_000_000_000, words: null },
    };
    const percent = async () => (await bench.engine.maintenance(id)).moves[0]?.percent;
    await bench.engine.recordMove(id, { ...move, state: "waiting", percent: 0 }, 3100);
    await bench.engine.recordMove(id, move, 3200);
    await bench.engine.recordMove(id, { ...move, percent: 30, bytesDone: 4_000_000_000 }, 3300);
    expect((await bench.engine.maintenance(id)).moves).toEqual([{ ...move, bytesDone: 4_000_000_000 }]);
    const before = await seq();
    await bench.engine.recordMove(id, { ...move, percent: 20, bytesDone: 4_000_000_000 }, 3400);
    expect(await seq()).toBe(before);
    await bench.engine.recordMove(id, { ...move, state: "waiting", percent: 0 }, 3500);
    expect(await percent()).toBe(0); // it begins anew
  });

  test("ends with its host, as its fence devices do", async () => {
    const host = await enrol(bench, "gone");
    const { id } = await begin(host.id);
    const device = { agent: "fence_lab", options: {}, timeoutMs: 5000, position: 1, hostId: host.id };
    await bench.service.putFenceDevice({ id: bench.ids.next("fnc"), ...device }, bench.admin, 3100);
    await bench.service.removeHost(host.id, bench.admin, 3200);
    expect(await bench.engine.maintenance(id)).toMatchObject({ state: "ended", endedAt: 3200 });
    expect((await bench.service.fenceDevices()).filter((it) => it.hostId === host.id)).toEqual([]);
    expect((await bench.engine.openMaintenances()).some((it) => it.id === id)).toBe(false);
  });
});

describe("what the provider sets", () => {
  test("of a fence device keeps its secrets out of the audit, and counts as untested when it is set again", async () => {
    const host = await enrol(bench, "switched");
    const id = bench.ids.next("fnc");
    const device = { id, hostId: host.id, position: 1, agent: "fence_ipmilan", timeoutMs: 5000 };
    const options = { ip: "198.18.0.9", password: "open sesame" };
    await bench.service.putFenceDevice({ ...device, options }, bench.admin, 3000);
    await bench.engine.recordFenceTest(id, { ok: true, words: "It is on." }, 3100);
    const find = async () => (await bench.engine.fenceDevices()).find((it) => it.id === id);
    expect(await find()).toMatchObject({ options, ok: true, testedAt: 3100 });
    await bench.service.putFenceDevice({ ...device, options, position: 2 }, bench.admin, 3200);
    expect(await find()).toMatchObject({ position: 2, ok: false, testedAt: null });
    await bench.service.removeFenceDevice(id, bench.admin, 3300);
    await expect(bench.service.removeFenceDevice(id, bench.admin, 3400)).rejects.toMatchObject({ code: "not-found" });
    const told = await audits(id);
    expect(told).toContain("fence-device.put");
    expect(told).toContain("password");
    expect(told).not.toContain("sesame");
  });

  test("as policy is the model's where nothing is set, and one event where something is", async () => {
    const policy = await bench.service.policy();
    expect(policy).toMatchObject({ stormPercent: 30, leaseMs: 8000 });
    const before = await seq();
    const both = await Promise.all([
      bench.service.changePolicy({ stormPercent: 40 }, bench.admin, 3000),
      bench.service.changePolicy({ stormPercent: 40 }, bench.admin, 3000),
    ]);
    expect(both[0]).toEqual({ ...policy, stormPercent: 40 });
    expect(await seq()).toBe(before + 1);
    expect((await bench.service.snapshot(0)).policy).toEqual(both[0]);
  });
});

test("what is learned of a host is told only when it is news", async () => {
  const host = await enrol(bench, "learned");
  const helper = { version: "1", connected: true, leaseMs: 8000, watchdog: "hardware", watchdogMs: 5000 } as const;
  const protection = { ok: true, words: "By its fence device." };
  const misfits = [{ hostId: host.id, misfits: [{ vmId: bench.ids.next("vm"), words: "No room." }] }];
  const before = await seq();
  for (const at of [3000, 4000]) {
    await bench.engine.recordHealth(host.id, "red", at);
    await bench.engine.recordHelper(host.id, { ...helper, reportedAt: at }, at);
    await bench.engine.recordProtection(host.id, protection, at);
    await bench.engine.recordTolerance(misfits, at);
  }
  expect(await seq()).toBe(before + 4);
  expect(await bench.service.host(host.id)).toMatchObject({ health: "red", helper, protection });
  expect((await bench.service.snapshot(0)).tolerance).toEqual(misfits);
});
