import { expect, test } from "vitest";
import type { HelperSignal, LeaseGrant } from "../../engine/ports.ts";
import { watchedCloud } from "../hypervisor/testing.ts";

const hosts = [
  { name: "host-1", vms: [{ name: "web-1" }], helper: { drift: 1.01 } },
  { name: "host-2" },
  { name: "host-3" },
];

/** The first host's helper, attended to, with the two others as its peers. */
async function leased(first: object = {}) {
  const { cloud, clock, address, uuidOf } = await watchedCloud([
    { ...hosts[0], ...first, name: "host-1" },
    ...hosts.slice(1),
  ]);
  const heard: HelperSignal[] = [];
  const stop = new AbortController();
  const peers = cloud.world
    .hosts()
    .slice(1)
    .map((it) => it.address);
  const given = { grants: 0, lastAt: 0, may: true };
  const grant = (): LeaseGrant | undefined => {
    if (!given.may) return undefined;
    given.grants++;
    given.lastAt = clock.now();
    return { leaseMs: 8000, peers };
  };
  const ended = (async () => {
    for await (const signal of cloud.helpers.attend(address, grant, stop.signal)) heard.push(signal);
  })();
  await clock.advance(5000);
  const runs = () => {
    const domain = cloud.world.host("host-1")?.domains.get(uuidOf("web-1"));
    return domain?.state === "running" && !domain.processGone;
  };
  /** When the guest ends, from now on. */
  const endsAfter = async (limitMs: number) => {
    const since = clock.now();
    return (await clock.runUntil(() => !runs(), limitMs)) ? clock.now() - since : undefined;
  };
  return { cloud, clock, heard, stop, ended, given, runs, endsAfter };
}

test("a helper reports, and asks four times in a lease", async () => {
  const { clock, heard, given, stop, ended, runs } = await leased();
  expect(heard[0]).toMatchObject({ kind: "report", report: { connected: true, watchdog: "none" } });
  expect(heard[1]).toMatchObject({ kind: "report", report: { connected: true, watchdog: "hardware" } });
  const before = given.grants;
  await clock.advance(80_000);
  expect(given.grants - before).toBeGreaterThanOrEqual(39);
  expect(runs()).toBe(true);
  stop.abort();
  await clock.advance(0);
  await ended;
});

test("a helper that is cut off from everybody stops its guests before the lease ends by any clock", async () => {
  const { cloud, clock, given, endsAfter } = await leased();
  cloud.befall({ do: "cut", host: "host-1" });
  expect(await endsAfter(60_000)).toBeDefined();
  expect(clock.now() - given.lastAt).toBeLessThan(8000 * 1.01);
  expect(cloud.world.host("host-1")?.power).toBe("on");
});

test("a helper that reaches half of the other hosts keeps its guests while Belay is away", async () => {
  const { cloud, endsAfter, heard } = await leased();
  cloud.befall({ do: "isolate", host: "host-1" });
  expect(await endsAfter(120_000)).toBeUndefined();
  expect(heard.at(-1)).toMatchObject({ kind: "gone" });
  cloud.befall({ do: "part", from: "host-1", to: "host-2" });
  expect(await endsAfter(60_000)).toBeUndefined();
  cloud.befall({ do: "part", from: "host-1", to: "host-3" });
  expect(await endsAfter(60_000)).toBeDefined();
});

test("a lease that is not renewed is let run out only by one that is alone", async () => {
  const { cloud, given, endsAfter } = await leased();
  given.may = false;
  expect(await endsAfter(60_000)).toBeUndefined();
  cloud.befall({ do: "cut", host: "host-1" });
  expect(await endsAfter(60_000)).toBeLessThan(8100);
});

test("the watchdog resets the host of a dead helper, which comes back with its guests off", async () => {
  const { clock, cloud, heard, endsAfter, runs } = await leased();
  cloud.befall({ do: "helper-dies", host: "host-1" });
  expect(await endsAfter(60_000)).toBe(6000);
  await clock.advance(10_000);
  expect(runs()).toBe(false);
  expect(heard.map((it) => it.kind)).toEqual(["report", "report", "gone", "report", "report"]);
});

test("without a watchdog a dead helper's guests run on, and it says so beforehand", async () => {
  const { cloud, heard, endsAfter } = await leased({ helper: { watchdog: "none" } });
  expect(heard[0]).toMatchObject({ report: { watchdog: "none", watchdogMs: null } });
  cloud.befall({ do: "helper-dies", host: "host-1" });
  expect(await endsAfter(60_000)).toBeUndefined();
});

test("a host without a helper says nothing", async () => {
  const { heard, stop, ended, clock } = await leased({ helper: false });
  expect(heard).toEqual([]);
  stop.abort();
  await clock.advance(0);
  await ended;
});
