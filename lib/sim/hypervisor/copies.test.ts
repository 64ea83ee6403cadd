import { expect, test } from "vitest";
import { type Fenced, HostUnreachable, HypervisorRefused } from "../../engine/ports.ts";
import { watchedCloud } from "./testing.ts";

const shared = ["/srv/shared"];
const hosts = [
  {
    name: "host-1",
    sharedPaths: shared,
    vms: [{ name: "web-1" }, { name: "local-1", disk: "/var/lib/local-1.qcow2" }],
  },
  { name: "host-2", sharedPaths: shared },
  { name: "host-3" },
];

/** A test holds no proof: only the fencing step makes one. The world looks at what is so, and at the words. */
const claimed = (at = 0): Fenced =>
  JSON.parse(JSON.stringify({ host: "host-1", method: "power", at, words: "claimed" }));

async function cloudOfThree(diskLocks?: boolean) {
  const { cloud, settled, uuidOf, idOf, addressOf, clock } = await watchedCloud(hosts, diskLocks);
  const { hypervisor } = cloud;
  const definitionOf = async (name: string) => {
    const found = await settled(hypervisor.readDefinition(idOf("host-1"), uuidOf(name)));
    if (found instanceof Error) throw found;
    return found;
  };
  const startOn = async (target: string, generation: number, name = "web-1", given?: string) => {
    const xml = given ?? definitions.get(name) ?? "";
    return settled(hypervisor.startElsewhere(idOf(target), { uuid: uuidOf(name), name }, xml, generation, claimed()));
  };
  const definitions = new Map<string, string>();
  for (const name of ["web-1", "local-1"]) definitions.set(name, (await definitionOf(name)).xml);
  return { clock, cloud, settled, uuidOf, idOf, addressOf, hypervisor, startOn, definitionOf };
}

test("a definition names its disks", async () => {
  const { definitionOf } = await cloudOfThree();
  expect((await definitionOf("web-1")).diskPaths).toEqual(["/srv/shared/web-1.qcow2"]);
});

test("a VM of a dead host starts elsewhere once, with its generation in its metadata", async () => {
  const { cloud, startOn, hypervisor, idOf, uuidOf, settled } = await cloudOfThree();
  cloud.befall({ do: "host-power-off", host: "host-1" });
  expect(await startOn("host-2", 1)).toMatchObject({ done: true });
  expect(await startOn("host-2", 1)).toMatchObject({ done: false });
  expect(await startOn("host-2", 2)).toBeInstanceOf(HypervisorRefused); // it runs as another generation
  expect(await settled(hypervisor.copiesOn(idOf("host-2")))).toEqual([
    { uuid: uuidOf("web-1"), name: "web-1", generation: 1, active: true },
  ]);
  const definition = await settled(hypervisor.readDefinition(idOf("host-2"), uuidOf("web-1")));
  expect(definition).toHaveProperty("xml", expect.stringContaining('generation="1"'));
  expect(cloud.world.violations()).toEqual([]);
});

test("a target that does not see the disk refuses", async () => {
  const { cloud, startOn } = await cloudOfThree();
  cloud.befall({ do: "host-power-off", host: "host-1" });
  expect(await startOn("host-3", 1)).toBeInstanceOf(HypervisorRefused);
  expect(await startOn("host-2", 1, "local-1")).toBeInstanceOf(HypervisorRefused);
  expect(cloud.world.violations()).toEqual([]);
});

test.each([true, false])(
  "a start while the old host runs it is a breach at once (disk locks: %s)",
  async (diskLocks) => {
    const { cloud, startOn } = await cloudOfThree(diskLocks);
    cloud.befall({ do: "cut", host: "host-1" });
    const result = await startOn("host-2", 1);
    if (diskLocks) expect(result).toBeInstanceOf(HypervisorRefused);
    else expect(result).toMatchObject({ done: true });
    const said = cloud.world.violations().map((it) => it.words);
    expect(said[0]).toMatch(/^Belay starts web-1 on host-2 while host-1 runs it/);
    expect(said.slice(1)).toEqual(diskLocks ? [] : ["web-1 runs on host-1 and host-2 at once."]);
  },
);

test("a returning host's stale copy is discarded, and never the newer one", async () => {
  const { clock, cloud, startOn, hypervisor, idOf, uuidOf, settled } = await cloudOfThree();
  cloud.befall({ do: "host-power-off", host: "host-1" });
  await startOn("host-2", 1);
  cloud.befall({ do: "host-power-on", host: "host-1" });
  await clock.advance(10_000);
  const discard = (host: string, below: number) => settled(hypervisor.discard(idOf(host), uuidOf("web-1"), below));
  expect(await discard("host-2", 1)).toMatchObject({ done: false });
  expect(await discard("host-1", 1)).toMatchObject({ done: true });
  expect(await discard("host-1", 1)).toMatchObject({ done: false });
  expect(cloud.world.host("host-1")?.domains.has(uuidOf("web-1"))).toBe(false);
  expect(cloud.world.violations()).toEqual([]);
});

test("what is released is off and forgotten", async () => {
  const { cloud, hypervisor, idOf, uuidOf, settled } = await cloudOfThree();
  cloud.befall({ do: "guest-powers-off", vm: "web-1" });
  const release = () => settled(hypervisor.release(idOf("host-1"), uuidOf("web-1")));
  expect(await release()).toMatchObject({ done: true });
  expect(await release()).toMatchObject({ done: false });
});

test("a live migration tells its bytes, and never runs the guest twice", async () => {
  const { cloud, hypervisor, idOf, addressOf, uuidOf, settled } = await cloudOfThree(false);
  const seen: number[] = [];
  const move = () =>
    settled(
      hypervisor.migrate(
        ...([idOf("host-1"), uuidOf("web-1"), addressOf("host-2"), 1] as const),
        ({ bytesDone }) => void seen.push(bytesDone),
        new AbortController().signal,
      ),
    );
  expect(await move()).toBeUndefined();
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(seen.at(-1)).toBe(256 * 1024 * 1024);
  expect(cloud.world.host("host-1")?.domains.has(uuidOf("web-1"))).toBe(false);
  expect(cloud.world.host("host-2")?.domains.get(uuidOf("web-1"))).toMatchObject({ state: "running", generation: 1 });
  expect(cloud.world.violations()).toEqual([]);
});

test.each(["fails", "the target dies", "the source dies", "is cancelled"])(
  "a live migration that %s leaves one copy at most",
  async (how) => {
    const { clock, cloud, hypervisor, idOf, addressOf, uuidOf, settled } = await cloudOfThree(false);
    if (how === "fails") cloud.befall({ do: "migrations-fail", count: 1 });
    const cancel = new AbortController();
    const ended = settled(
      hypervisor.migrate(idOf("host-1"), uuidOf("web-1"), addressOf("host-2"), 1, () => {}, cancel.signal),
    );
    await clock.runUntil(() => cloud.world.migrations.running.size > 0, 1000).catch(() => undefined);
    if (how === "the target dies") cloud.befall({ do: "host-power-off", host: "host-2" });
    if (how === "the source dies") cloud.befall({ do: "host-power-off", host: "host-1" });
    cancel.abort();
    expect(await ended).toBeInstanceOf(Error);
    const carriers = cloud.world.hosts().filter((it) => it.domains.get(uuidOf("web-1"))?.state === "running");
    expect(carriers.map((it) => it.name)).toEqual(how === "the source dies" ? [] : ["host-1"]);
  },
);

test("the guest's counters stand still only in a guest that hangs", async () => {
  const { clock, cloud, hypervisor, idOf, uuidOf, settled } = await cloudOfThree();
  const read = async () => {
    const found = await settled(hypervisor.vitals(idOf("host-1"), uuidOf("web-1")));
    if (found instanceof Error) throw found;
    return found;
  };
  const grew = async () => {
    const before = await read();
    await clock.advance(2000);
    const after = await read();
    return [
      after.cpuTimeMs > before.cpuTimeMs,
      after.blockRequests > before.blockRequests,
      after.netPackets > before.netPackets,
    ];
  };
  expect(await grew()).toEqual([true, true, true]);
  cloud.befall({ do: "unplug-guest", vm: "web-1" });
  expect(await grew()).toEqual([true, true, false]);
  cloud.befall({ do: "hang", vm: "web-1", kind: "spinning" });
  expect(await grew()).toEqual([true, false, false]);
  expect(await settled(hypervisor.act(idOf("host-1"), uuidOf("web-1"), "reset"))).toMatchObject({ done: true });
  cloud.befall({ do: "hang", vm: "web-1" });
  await read();
  expect(await grew()).toEqual([false, false, false]);
});

test("nothing can be asked of a host without a connection", async () => {
  const { clock, cloud, startOn } = await cloudOfThree();
  cloud.befall({ do: "isolate", host: "host-2" });
  await clock.advance(5000);
  expect(await startOn("host-2", 1)).toBeInstanceOf(HostUnreachable);
});
