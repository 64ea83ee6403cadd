import { expect, test } from "vitest";
import type { RepairId } from "../../model/index.ts";
import { hostNamed } from "./people.ts";
import { createRig, type Rig } from "./rig.ts";

/** Two VMs of a group on hosts of their own, and one other host that sees their disks. */
async function groupRig(): Promise<Rig> {
  const host = (name: string, ...vms: string[]) => ({
    ...{ name, sharedPaths: ["/shared"], fence: [{}], vms: vms.map((it) => ({ name: it })) },
  });
  const others = ["host-4", "host-5", "host-6"].map((name) => ({ ...host(name), sharedPaths: [] }));
  return createRig({ hosts: [host("host-1", "rank-0"), host("host-2", "rank-1"), host("host-3"), ...others] });
}

async function loseBothHosts(rig: Rig): Promise<void> {
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "policy", change: { stormPercent: 100 } });
  await rig.act({ do: "choose", vm: "*", consent: "roll-back", checkpointEveryMs: 5000, checkpointGroup: "job" });
  await rig.clock.advance(20_000);
  await rig.act({ do: "host-power-off", host: "host-1" });
  await rig.act({ do: "host-power-off", host: "host-2" });
  await rig.clock.advance(180_000);
}

const vmNamed = (rig: Rig, name: string) => [...rig.store.tables.vms.values()].find(({ vm }) => vm.name === name)?.vm;
const onHost3 = (rig: Rig, name: string) =>
  [...(rig.cloud.world.host("host-3")?.domains.values() ?? [])].find((it) => it.name === name)?.state;

test("none of a group is given to another host when a host of it comes back before all can be", async () => {
  const rig = await groupRig();
  const { engine } = rig.store;
  const { stepStarted } = engine;
  let claimed = "";
  engine.stepStarted = async (repair, name, at) => {
    const back = hostNamed(rig.store, "host-2");
    if (name === "last check" && back?.standing === "fenced")
      await engine.recordStanding(back.id, "returning", "It is back.", at);
    if (name === "not with the group") claimed ||= vmNamed(rig, "rank-0")?.hostId ?? "";
    return stepStarted(repair, name, at);
  };
  await loseBothHosts(rig);
  expect(claimed).toBe(hostNamed(rig.store, "host-1")?.id);
  expect(onHost3(rig, "rank-0")).toBe("running");
  rig.close();
});

test("one that was given away before its group did not go back is defined where it belongs", async () => {
  const rig = await groupRig();
  const { engine } = rig.store;
  const { claimVm } = engine;
  let first: RepairId | undefined;
  engine.claimVm = async (repair, ...rest) => {
    first ??= repair;
    return repair === first ? claimVm(repair, ...rest) : undefined;
  };
  await loseBothHosts(rig);
  const given = ["rank-0", "rank-1"].filter((it) => vmNamed(rig, it)?.hostId === hostNamed(rig.store, "host-3")?.id);
  expect(given).toHaveLength(1);
  expect(given.map((it) => onHost3(rig, it))).toEqual(["stopped"]);
  rig.close();
});
