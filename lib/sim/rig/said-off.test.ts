import { expect, test } from "vitest";
import type { Viewer } from "../../model/index.ts";
import { hostNamed } from "./people.ts";
import { createRig } from "./rig.ts";

test("that a host is off was said of a host that was not heard of, and proves nothing once it was", async () => {
  const host = (name: string, ...vms: string[]) => ({
    ...{ name, sharedPaths: ["/shared"], fence: [{}], vms: vms.map((it) => ({ name: it })) },
  });
  const rig = await createRig({ hosts: [host("host-1", "web-1"), host("host-2"), host("host-3")] });
  const { engine, service, tables } = rig.store;
  const { openHostIncident } = engine;
  let refused = 0;
  engine.openHostIncident = async (news) => {
    if (news.cause !== "host-dead" || refused > 0) return openHostIncident(news);
    refused++;
    throw new Error("The database does not answer.");
  };
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "policy", change: { stormPercent: 100 } });
  await rig.act({ do: "choose", vm: "*", consent: "relocate" });
  await rig.act({ do: "isolate", host: "host-1" });
  await rig.clock.advance(15_000);
  const by: Viewer = { userId: null, name: "P", organizationId: rig.ids.next("org"), role: "provider" };
  const told = [...tables.incidents.values()].find((it) => it.cause === "host-isolated" && it.endedAt === null);
  if (told === undefined) throw new Error("Nobody was told that host-1 is isolated.");
  await service.sayOff(told.id, by, rig.clock.now());
  for (let i = 0; i < 100 && refused === 0; i++) await rig.clock.advance(100);
  await rig.act({ do: "rejoin", host: "host-1" }); // it was another host that the person had looked at
  await rig.clock.advance(20_000);
  expect(hostNamed(rig.store, "host-1")).toMatchObject({ standing: "in-use", health: "green" });

  await rig.act({ do: "fence-fails", host: "host-1", how: "dark" });
  await rig.act({ do: "cut", host: "host-1" });
  await rig.clock.advance(60_000);
  expect(refused).toBe(1);
  expect(hostNamed(rig.store, "host-1")?.standing).toBe("fencing");
  expect(rig.cloud.world.violations()).toEqual([]);
  rig.close();
});
