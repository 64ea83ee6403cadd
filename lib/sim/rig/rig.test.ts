import { expect, test } from "vitest";
import type { HostState } from "../../model/index.ts";
import { createRig, type Rig } from "./rig.ts";
import { createWatchman } from "./watchman.ts";

const web1 = (rig: Rig) => {
  const row = [...rig.store.tables.vms.values()].find(({ vm }) => vm.name === "web-1");
  if (!row) throw new Error("Belay has not found web-1");
  return row.vm;
};

test("the same script gives the same events to the last millisecond", async () => {
  const play = async () => {
    const rig = await createRig({ seed: 42 });
    await rig.act({ do: "belay-starts" });
    await rig.clock.advance(3000);
    await rig.act({ do: "kill-qemu", vm: "web-1" });
    await rig.act({ do: "panic", vm: "web-2" });
    await rig.clock.advance(700);
    await rig.act({ do: "belay-dies" });
    await rig.act({ do: "belay-starts" });
    await rig.clock.advance(10_000);
    rig.close();
    return rig.store.events();
  };
  const events = await play();
  expect(events.length).toBeGreaterThan(20);
  expect(await play()).toEqual(events);
});

test("nothing of a simulation is left over once it is closed", async () => {
  const rig = await createRig();
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  await rig.act({ do: "kill-qemu", vm: "web-1" });
  await rig.clock.advance(500);
  rig.close();
  await rig.clock.advance(0);
  expect(rig.clock.pending()).toBe(0);
});

test("a dead Belay does nothing, and what it asked for goes on", async () => {
  const rig = await createRig();
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  await rig.act({ do: "kill-qemu", vm: "web-1" });
  await rig.act({ do: "belay-dies-at", name: "hypervisor.act", call: 1, when: "after" });
  await rig.clock.advance(3000);
  expect(rig.belay.aliveSince()).toBeUndefined();
  const seq = await rig.store.feed.lastSeq();
  await rig.clock.advance(60_000);
  expect(await rig.store.feed.lastSeq()).toBe(seq);
  expect(rig.cloud.world.hosts()[0]?.domains.get(web1(rig).uuid)?.state).toBe("running");
  rig.close();
});

test("the watchman notices a failure that nobody was told of", async () => {
  const rig = await createRig({ engine: { scanEveryMs: 10 ** 9 } }); // an engine that hears and never scans
  const watchman = createWatchman(rig);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  expect(watchman.check()).toEqual([]);
  await rig.act({ do: "lose-events", count: 1 });
  await rig.act({ do: "kill-qemu", vm: "web-1" });
  for (let second = 0; second < 25; second++) {
    await rig.clock.advance(1000);
    if (second < 19) expect(watchman.check()).toEqual([]);
  }
  expect(watchman.check()).toEqual(["5: web-1 is stopped (failed) and nobody was told."]);
  rig.close();
});

test("the watchman notices an open repair that no program runs", async () => {
  const rig = await createRig();
  const watchman = createWatchman(rig);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  await rig.act({ do: "kill-qemu", vm: "web-1" });
  await rig.clock.advance(2000);
  const [repair] = rig.store.tables.repairs.keys();
  if (!repair) throw new Error("there is no repair");
  await rig.belay.journal.close(repair); // as a runner would that forgets
  rig.belay.kill();
  await rig.act({ do: "belay-starts" });
  watchman.check();
  await rig.clock.advance(25_000);
  expect(watchman.check()).toContain(`5: repair ${repair} is open and no program runs it.`);
  rig.close();
});

test("the watchman notices a repair beyond the consent given", async () => {
  const rig = await createRig();
  const watchman = createWatchman(rig);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  await rig.act({ do: "consent", vm: "web-1", to: "notify" });
  watchman.check();
  await rig.store.engine.openIncident({
    ...{ vmId: web1(rig).id, layer: "vm", cause: "qemu-died", certainty: "certain", tpSource: "event" },
    ...{ tp: rig.clock.now(), td: rig.clock.now(), evidence: [], words: "web-1 died." },
    plan: { technique: "revive-vm", words: "Start it." },
  });
  expect(watchman.check()).toEqual([expect.stringMatching(/^3: revive-vm was planned for web-1/)]);
  rig.close();
});

test("hosts are connected to, go silent and come back", async () => {
  const rig = await createRig();
  const states = (): HostState[] => [...rig.store.tables.hosts.values()].map((row) => row.host.state);
  expect(states()).toEqual(["connecting", "connecting", "connecting"]);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  expect(states()).toEqual(["up", "up", "up"]);
  await rig.act({ do: "cut", host: "host-2" });
  await rig.clock.advance(5000);
  expect(states()).toEqual(["up", "silent", "up"]);
  await rig.act({ do: "mend", host: "host-2" });
  await rig.clock.advance(10_000);
  expect(states()).toEqual(["up", "up", "up"]);
  rig.close();
});
