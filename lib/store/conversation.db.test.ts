import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import { type StoreBench, storeBench } from "./testing/fixtures.ts";
import { seededIds } from "./testing/seeded.ts";
import { failedOfCustomer, hearFrom, proposed, restarted, sayTo } from "./testing/together.ts";

let bench: StoreBench;
beforeAll(async () => {
  bench = await storeBench();
});
afterAll(() => bench.close());

const refusal = (code: string, message: RegExp) => ({ code, message: expect.stringMatching(message) });

describe("what is said to a customer", () => {
  test("is one message per key, numbered in its thread, delivered until somebody has it", async () => {
    const asked = await failedOfCustomer(bench, "Aster");
    const { organizationId, incidentId, repairId, vm } = asked;
    const first = await sayTo(bench, asked, proposed(repairId, vm, 9000), 4000, "once");
    expect(await sayTo(bench, asked, proposed(repairId, vm, 99_000), 4500, "once")).toBe(first);
    const second = await sayTo(bench, asked, restarted(repairId, vm, 20_000), 5000);
    expect(await bench.service.conversation(organizationId, incidentId)).toMatchObject([
      { id: first, sequence: 1, at: 4000, from: "provider", message: { answerBy: 9000 }, receivedAt: null },
      { id: second, sequence: 2, at: 5000 },
    ]);
    expect((await bench.service.undelivered(organizationId, 1)).map((it) => it.id)).toEqual([first]);
    await bench.service.recordReceived(bench.ids.next("org"), first, 5100); // nobody else can have it
    await bench.service.recordReceived(organizationId, first, 5200);
    await bench.service.recordReceived(organizationId, first, 5300);
    expect((await bench.service.undelivered(organizationId, 9)).map((it) => it.id)).toEqual([second]);
    const events = (await bench.store.feed.after(0, 10_000)).filter((it) => JSON.stringify(it.change).includes(first));
    expect(events.map((it) => it.change)).toMatchObject([
      { kind: "conversation.changed", organizationId, incidentId, message: { receivedAt: null } },
      { kind: "conversation.changed", message: { receivedAt: 5200 } },
    ]);
  });

  test("wakes those who deliver, in every process", async () => {
    const asked = await failedOfCustomer(bench, "Birch");
    const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(9) });
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = other.service.onSayings(resolve);
    await sayTo(bench, asked, proposed(asked.repairId, asked.vm, 9000), 4000);
    await promise;
    stop();
    await other.close();
  });

  test("has numbers without a gap, however many speak at once", async () => {
    const asked = await failedOfCustomer(bench, "Cedar");
    const { organizationId, incidentId, repairId, vm } = asked;
    const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(10) });
    await sayTo(bench, asked, restarted(repairId, vm, 90_000), 4000);
    const speakers = [bench, { ...bench, ...other }].flatMap((on) =>
      Array.from({ length: 10 }, async (_, turn) => {
        await sayTo(on, asked, restarted(repairId, vm, 90_000), 4100 + turn, `${on === bench} ${turn}`);
        const phase = { kind: "repair.phase", repair: repairId, phase: "starting", percent: turn, words: "" } as const;
        await hearFrom(on, organizationId, phase, 4200, { id: bench.ids.next("msg") });
      }),
    );
    await Promise.all(speakers);
    const thread = await bench.service.conversation(organizationId, incidentId);
    for (const [from, count] of [
      ["provider", 21],
      ["customer", 20],
    ] as const)
      expect(thread.filter((it) => it.from === from).map((it) => it.sequence)).toEqual(
        Array.from({ length: count }, (_, index) => index + 1),
      );
    expect(await bench.engine.heardOf(repairId)).toHaveLength(20);
    await other.close();
  });
});

describe("what a customer says", () => {
  test("is taken once, also where the reply was lost and the repair has ended meanwhile", async () => {
    const asked = await failedOfCustomer(bench, "Dahlia");
    const { organizationId, incidentId, repairId, vm } = asked;
    await sayTo(bench, asked, proposed(repairId, vm, 9000), 4000);
    const id = bench.ids.next("msg");
    const accepted = { kind: "repair.accepted", repair: repairId } as const;
    const woken = Promise.withResolvers<string>();
    const stop = bench.store.wakes.onWake((what) => what === "messages" && woken.resolve(what));
    const taken = await hearFrom(bench, organizationId, accepted, 5000, { id });
    await woken.promise;
    stop();
    expect(taken).toMatchObject({ id, incidentId, repairId, sequence: 1, from: "customer", by: "the shop's manager" });
    const end = { state: "succeeded", incident: "repaired", words: "It is back.", tr: 6000 } as const;
    await bench.engine.endRepair(repairId, end, 6000);
    expect(await hearFrom(bench, organizationId, accepted, 99_000, { id })).toEqual(taken);
    const other = { kind: "repair.declined", repair: repairId, words: "No." } as const;
    await expect(hearFrom(bench, organizationId, other, 7000, { id })).rejects.toMatchObject(
      refusal("conflict", /id .* was used/),
    );
    await expect(hearFrom(bench, organizationId, other, 7000)).rejects.toMatchObject(refusal("conflict", /has ended/));
    expect(await bench.engine.tookMs("revive-vm", vm.id)).toEqual([6000 - 3100]);
  });

  test("is refused of another's repair and VM, in the words for one that is not there", async () => {
    const theirs = await failedOfCustomer(bench, "Elm");
    const { organizationId } = await failedOfCustomer(bench, "Fern");
    await sayTo(bench, theirs, proposed(theirs.repairId, theirs.vm, 9000), 4000);
    const accepted = { kind: "repair.accepted", repair: theirs.repairId } as const;
    await expect(hearFrom(bench, organizationId, accepted, 5000)).rejects.toMatchObject(
      refusal("not-found", /^There is no repair rep_\w+\.$/),
    );
    const view = { reached: "by-none", processes: "unknown", service: "fails" } as const;
    const asks = { kind: "diagnosis.asked", vmId: theirs.vm.id, customer: view, words: "" } as const;
    await expect(hearFrom(bench, organizationId, asks, 5000)).rejects.toMatchObject(
      refusal("not-found", /^There is no VM vm_\w+\.$/),
    );
  });

  test("is heard of the active manager alone: an older epoch is refused, and an endpoint's answer while one is connected", async () => {
    const asked = await failedOfCustomer(bench, "Gorse");
    const { organizationId, repairId, vm } = asked;
    await sayTo(bench, asked, proposed(repairId, vm, 90_000), 4000);
    const claim = (instance: string, at: number) =>
      bench.service.claimManager({ organizationId, instance, name: "shop", version: "1" }, 6000, at);
    expect(await claim("manager-a", 4000)).toEqual({ active: true, epoch: 1 });
    expect(await claim("manager-b", 5000)).toEqual({ active: false, epoch: 1 });
    const postpone = { kind: "repair.postponed", repair: repairId, until: 50_000, words: "Later." } as const;
    await expect(hearFrom(bench, organizationId, postpone, 5000)).rejects.toMatchObject(
      refusal("conflict", /is connected/),
    );
    await hearFrom(bench, organizationId, postpone, 5000, { epoch: 1 });
    expect(await claim("manager-b", 11_000)).toEqual({ active: true, epoch: 2 }); // the first one's lease is over
    await expect(hearFrom(bench, organizationId, postpone, 11_000, { epoch: 1 })).rejects.toMatchObject(
      refusal("conflict", /Another manager/),
    );
    await bench.service.releaseManager(organizationId, "manager-a", 11_100); // not its to release any more
    expect(await bench.engine.managerOf(organizationId)).toMatchObject({ instance: "manager-b", connected: true });
    await bench.service.releaseManager(organizationId, "manager-b", 11_200);
    expect(await bench.engine.managerOf(organizationId)).toMatchObject({ epoch: 2, connected: false });
    await hearFrom(bench, organizationId, postpone, 11_300); // nobody is active: the endpoint's answer counts
    expect(await claim("manager-b", 11_400)).toEqual({ active: true, epoch: 2 }); // it is the same one
  });

  test("waits for the engine where it is no part of a repair", async () => {
    const { organizationId, vm, incidentId } = await failedOfCustomer(bench, "Hazel");
    const view = { reached: "by-all", processes: "running", service: "fails" } as const;
    const asks = { kind: "diagnosis.asked", vmId: vm.id, customer: view, words: "It is down." } as const;
    const { id, incidentId: thread } = await hearFrom(bench, organizationId, asks, 5000);
    expect(thread).toBe(incidentId); // the VM has an incident: they speak of that
    const mine = async () => (await bench.engine.unsettled()).filter((it) => it.organizationId === organizationId);
    expect((await mine()).map((it) => it.id)).toEqual([id]);
    await bench.engine.settle(id, 5100);
    expect(await mine()).toEqual([]);
    for (let turn = 0; turn < 100; turn++) await hearFrom(bench, organizationId, asks, 5200);
    await expect(hearFrom(bench, organizationId, asks, 5300)).rejects.toMatchObject(
      refusal("conflict", /already wait/),
    );
  });
});

test("two managers that claim at once: one of them is heard", async () => {
  const { organizationId } = await failedOfCustomer(bench, "Iris");
  const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(11) });
  const claims = await Promise.all(
    [bench.service, other.service].flatMap((service, on) =>
      Array.from({ length: 5 }, (_, nth) =>
        service.claimManager(
          { organizationId, instance: `manager ${on} ${nth}`, name: "shop", version: "1" },
          6000,
          1000,
        ),
      ),
    ),
  );
  expect(claims.filter((it) => it.active)).toEqual([{ active: true, epoch: 1 }]);
  expect(new Set(claims.map((it) => it.epoch))).toEqual(new Set([1]));
  await other.close();
});
