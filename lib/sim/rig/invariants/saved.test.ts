import { expect, test } from "vitest";
import type { Checkpoint } from "../../../model/index.ts";
import { createRig } from "../rig.ts";
import { createWatchman } from "../watchman.ts";

const hosts = [{ name: "host-1", vms: [{ name: "web-1" }] }];

/** Belay has taken the VM, and nothing of it is saved: what is done then is done behind its back. */
async function watchedRig() {
  const rig = await createRig({ hosts });
  const watchman = createWatchman(rig);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  const { world } = rig.cloud;
  const [vm] = [...rig.store.tables.vms.values()].map((row) => row.vm);
  const [host] = world.hosts();
  if (!vm || !host) throw new Error("a cloud without a VM");
  const pass = async (ms: number) => {
    const found = new Set<string>();
    await rig.clock.advance(ms, () => {
      for (const words of watchman.glance()) found.add(words);
    });
    return [...found];
  };
  const capture = async () => {
    const request = { id: ids.next("ckp"), vm, method: "background", base: null } as const;
    const captured = rig.cloud.checkpoints.capture(request, new AbortController().signal);
    await rig.clock.advance(2000);
    const row: Checkpoint = {
      ...{ ...(await captured), id: request.id, vmId: vm.id, state: "valid", generation: 0, runId: 1 },
      ...{ verifiedAt: null, kept: false },
    };
    await rig.store.engine.recordCheckpoint(row, rig.clock.now());
    return request.id;
  };
  const { ids } = rig;
  const restore = async (checkpoint: Checkpoint["id"]) => {
    const definition = rig.store.tables.vms.get(vm.id)?.definition ?? "";
    const done = rig.cloud.checkpoints.restore(
      vm.hostId,
      { checkpoint, vm, definition, generation: vm.generation },
      null,
      () => undefined,
    );
    await rig.clock.advance(2000);
    await done;
  };
  return { rig, watchman, world, vm, host, pass, capture, restore };
}

test("a guest that stands still for a capture for more than a second is seen", async () => {
  const { world, vm, host, pass, rig } = await watchedRig();
  const domain = host.domains.get(vm.uuid);
  if (!domain) throw new Error("no domain");
  world.saved.held.set(vm.uuid, { host: host.name, runId: domain.runId, since: rig.clock.now() });
  world.set(host, { ...domain, state: "paused", reason: "unknown", runningSince: null });
  expect(await pass(1000)).toEqual([]);
  expect(await pass(500)).toEqual(["3: web-1 on host-1 stands still for a capture for more than a second."]);
  rig.close();
});

test("a restore that nobody allowed, and one of a VM that must never go back, are seen", async () => {
  const { rig, vm, capture, restore, watchman } = await watchedRig();
  const id = await capture();
  watchman.check();
  await rig.store.engine.recordWanted(vm.id, "stopped", "For the test.", rig.clock.now());
  await rig.act({ do: "person-stops", vm: "web-1" });
  await rig.clock.advance(1000);
  await rig.act({ do: "choose", vm: "web-1", rollbackIntolerant: true, consent: "notify" });
  await restore(id);
  const found = watchman.check().filter((words) => words.startsWith("3:"));
  expect(found).toContain("3: web-1 was taken back, whose owner says that it must never be.");
  expect(found).toContain("3: web-1 was taken back, whose owner allows notify and did not call for it.");
  rig.close();
});

test("the newest whole checkpoint of a VM that is saved is not dropped", async () => {
  const { rig, capture, watchman } = await watchedRig();
  const older = await capture();
  const newest = await capture();
  await rig.act({ do: "choose", vm: "web-1", checkpointEveryMs: 86_400_000 });
  const drop = async (id: Checkpoint["id"]) => {
    const done = rig.cloud.checkpoints.drop([id]);
    await rig.clock.advance(100);
    await done;
    return watchman.check().filter((words) => words.startsWith("8:"));
  };
  expect(await drop(older)).toEqual([]);
  expect(await drop(newest)).toContain("8: the newest whole checkpoint of web-1 was dropped.");
  rig.close();
});

test("one of a group that is let go before all of it is held is seen", async () => {
  const vms = ["web-1", "db-1"];
  const rig = await createRig({ hosts: vms.map((name, n) => ({ name: `host-${n}`, vms: [{ name }] })) });
  const watchman = createWatchman(rig);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(3000);
  const choice = { consent: "roll-back", checkpointEveryMs: 60_000, checkpointGroup: "pair" } as const;
  await rig.act({ do: "choose", vm: "*", ...choice });
  await rig.clock.advance(8000);
  await rig.act({ do: "restores-fail", host: "host-1", count: 1 }); // it is tried again, and the other one is held meanwhile
  await rig.act({ do: "kill-qemu", vm: "web-1" });
  const { world } = rig.cloud;
  const found: string[] = [];
  for (let looks = 0; looks < 400 && world.saved.heldRuns.size === 0; looks++)
    await rig.clock.advance(10, () => found.push(...watchman.glance()));
  expect(found).toEqual([]);
  const [held] = world.saved.heldRuns;
  const vm = [...rig.store.tables.vms.values()].find((row) => row.vm.uuid === held?.[0])?.vm;
  if (!held || !vm) throw new Error("nothing is held");
  const restored = { checkpoint: held[1].checkpoint, vm, generation: vm.generation };
  void rig.cloud.checkpoints.letGo(vm.hostId, restored, null);
  await rig.clock.advance(50);
  expect(watchman.check().join()).toMatch(/was let go while \S+ of its group was not held at the same instant/);
  rig.close();
});
