import { expect, test } from "vitest";
import type { Viewer } from "../../model/index.ts";
import { hostNamed } from "./people.ts";
import { createRig } from "./rig.ts";

test("a VM that was on its way to a host which was then removed from Belay is started nowhere else", async () => {
  const host = (name: string, ...vms: string[]) => ({
    ...{ name, sharedPaths: ["/shared"], fence: [{}], vms: vms.map((it) => ({ name: it })) },
  });
  const rig = await createRig({
    ...{ hosts: [host("host-1", "web-1"), host("host-2"), host("host-3")], diskLocks: false },
  });
  const { engine, service, tables } = rig.store;
  const web1 = () => [...tables.vms.values()].find(({ vm }) => vm.name === "web-1")?.vm;
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "choose", vm: "*", consent: "relocate" });
  await rig.act({ do: "fence-fails", host: "host-1", how: "dark" });
  const [vm, target] = [web1(), hostNamed(rig.store, "host-2")];
  if (vm === undefined || target === undefined) throw new Error("Belay knows both.");

  // Belay dies as the migration ends, before it has written so, and the host that it came from is lost.
  await engine.recordMoving(vm.id, target.id, rig.clock.now());
  await rig.act({ do: "belay-dies" });
  await rig.act({ do: "person-moves", vm: "web-1", to: "host-2" });
  await rig.act({ do: "host-power-off", host: "host-1" });
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(15_000);
  const by: Viewer = { userId: null, name: "P", organizationId: rig.ids.next("org"), role: "provider" };
  await service.removeHost(target.id, by, rig.clock.now());
  await rig.act({ do: "fence-mended", host: "host-1" });
  await rig.clock.advance(600_000);

  expect(hostNamed(rig.store, "host-1")?.standing).toBe("fenced");
  expect(rig.cloud.world.violations()).toEqual([]);
  const said = [...tables.repairs.values()].filter((it) => it.vmId === vm.id).map((it) => it.words);
  expect(said[0]).toMatch(/removed since: look for it there/);
  rig.close();
});
