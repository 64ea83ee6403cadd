import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "./open-store.ts";
import { enrol, failedVm, runningVm, type StoreBench, storeBench } from "./testing/fixtures.ts";
import { seededIds } from "./testing/seeded.ts";

let bench: StoreBench;
beforeAll(async () => {
  bench = await storeBench();
});
afterAll(() => bench.close());

/** Ends the sessions of this application in the test's own database, as a failing network or a restart would. */
async function breakConnections(applicationName: string): Promise<number> {
  const client = new pg.Client({ connectionString: bench.database.url });
  await client.connect();
  const { rowCount } = await client.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1",
    [applicationName],
  );
  await client.end();
  return rowCount ?? 0;
}

describe("event numbers", () => {
  test("have no gaps and are never seen out of order under 50 writers in two processes, some of which fail", async () => {
    const { host } = await runningVm(bench, "busy");
    const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(2) });
    const first = await bench.store.feed.lastSeq();
    const { promise: allWritten, resolve } = Promise.withResolvers<void>();

    // A follower as the live hub is one: it takes what comes and must never have to go back.
    const seen: number[] = [];
    const follow = async () => {
      for (let last = first, writing = true; ; ) {
        const before = writing;
        const batch = await other.feed.after(last, 7);
        seen.push(...batch.map((event) => event.seq));
        last = batch.at(-1)?.seq ?? last;
        if (batch.length === 0 && !before) return;
        if (batch.length === 0) writing = !(await Promise.race([allWritten.then(() => true), nextNews(other)]));
      }
    };
    const nextNews = (store: typeof other) =>
      new Promise<false>((heard) => {
        const stop = store.feed.onNews(() => {
          stop();
          heard(false);
        });
      });

    const writers = Array.from({ length: 50 }, async (_, writer) => {
      const store = writer % 2 === 0 ? bench.store : other;
      for (let turn = 0; turn < 4; turn++) {
        const at = 10_000 + turn;
        if (writer % 10 === 9)
          await expect(store.service.enrolHost(host, bench.admin, at)).resolves.toBeDefined(); // writes nothing
        else if (writer % 10 === 8)
          await expect(store.service.removeHost(bench.ids.next("hst"), bench.admin, at)).rejects.toThrow();
        else await store.engine.recordHost(host.id, "silent", at, `writer ${writer}, turn ${turn}`);
      }
    });
    const following = follow();
    await Promise.all(writers);
    resolve();
    await following;
    await other.close();

    const last = await bench.store.feed.lastSeq();
    expect(last - first).toBe(160);
    expect(seen).toEqual(Array.from({ length: 160 }, (_, index) => first + 1 + index));
  });

  test("are used by no write that failed", async () => {
    const { repairId } = await failedVm(bench, "failing");
    const before = await bench.store.feed.lastSeq();
    await expect(bench.engine.stepStarted(repairId, "too early", 1)).rejects.toThrow();
    expect(await bench.store.feed.lastSeq()).toBe(before);
    await bench.engine.beginRepair(repairId, 2);
    expect((await bench.store.feed.after(before, 10)).map((event) => event.seq)).toEqual([before + 1]);
  });
});

describe("followers", () => {
  const heard = <T>(subscribe: (tell: (value: T) => void) => () => void) => {
    const { promise, resolve } = Promise.withResolvers<T>();
    const stop = subscribe(resolve);
    return promise.finally(stop);
  };

  test("are woken by a commit of another process", async () => {
    const other = await openStore({ databaseUrl: bench.database.url, ids: seededIds(3) });
    const news = heard<void>((tell) => bench.store.feed.onNews(() => tell()));
    const wake = heard<string>((tell) => bench.store.wakes.onWake(tell));
    const { ids, admin } = bench;
    await enrol({ ...bench, service: other.service, ids, admin }, "woken");
    await news;
    expect(await wake).toBe("hosts");
    await other.close();
  });

  test("hear again after their connection broke, first of all that they may have missed something", async () => {
    const missed = heard<void>((tell) => bench.store.feed.onNews(() => tell()));
    const wakes = new Set<string>();
    const stop = bench.store.wakes.onWake((what) => wakes.add(what));
    expect(await breakConnections("belay listener")).toBe(1);
    await missed;
    expect([...wakes].sort()).toEqual(["hosts", "intents", "messages", "vms"]);
    stop();
    const news = heard<void>((tell) => bench.store.feed.onNews(() => tell()));
    await enrol(bench, "after the break");
    await news;
  });

  test("and the store itself goes on after its connections broke", async () => {
    await enrol(bench, "before the break");
    expect(await breakConnections("belay store")).toBeGreaterThan(0);
    const names = async () => (await bench.service.hosts()).map((host) => host.name);
    await expect.poll(names, { timeout: 10_000 }).toContain("before the break");
    await enrol(bench, "and on");
    expect(await names()).toContain("and on");
  });
});

describe("a snapshot", () => {
  test("is one instant: applying what comes after its number gives the present", async () => {
    const { repairId, vm, host } = await failedVm(bench, "instant");
    const writing = (async () => {
      await bench.engine.beginRepair(repairId, 3100);
      for (let attempt = 1; attempt <= 20; attempt++)
        await bench.engine.stepStarted(repairId, "bring up", 3100 + attempt);
    })();
    const attemptsAt = new Map<number, number | undefined>();
    for (let turn = 0; turn < 10; turn++) {
      const { seq, incidents } = await bench.service.snapshot(0);
      attemptsAt.set(seq, incidents.find((one) => one.vmId === vm.id)?.repairs[0]?.steps[0]?.attempts);
    }
    await writing;
    const events = await bench.store.feed.after(0, 10_000);
    for (const [seq, attempts] of attemptsAt) {
      const told = events.filter((event) => event.seq <= seq && JSON.stringify(event.change).includes(repairId)).at(-1);
      expect(told?.change).toHaveProperty("incident.repairs");
      if (attempts !== undefined)
        expect(told?.change).toHaveProperty(["incident", "repairs", 0, "steps", 0, "attempts"], attempts);
      else expect(JSON.stringify(told?.change)).toContain('"steps":[]');
    }
    expect((await bench.service.snapshot(0)).hosts.map((one) => one.id)).toContain(host.id);
  });

  test("holds every open incident and the newest ended ones", async () => {
    for (const name of ["e1", "e2", "e3"]) {
      const { repairId } = await failedVm(bench, name);
      const end = { state: "not-needed", incident: "cleared", words: name, tr: null } as const;
      await bench.engine.endRepair(repairId, end, 3200);
    }
    const { repairId } = await failedVm(bench, "open");
    const { incidents } = await bench.service.snapshot(2);
    expect(incidents.filter((one) => one.endedAt !== null).map((one) => one.words)).toEqual(["e3", "e2"]);
    expect(incidents.some((one) => one.repairs.some((repair) => repair.id === repairId))).toBe(true);
  });
});
