import { expect, test } from "vitest";
import { seededIds } from "../ids.ts";
import { createRig, type Rig } from "./rig.ts";

async function savedRig(): Promise<Rig> {
  const rig = await createRig({ hosts: [{ name: "host-1", vms: [{ name: "web-1" }] }] });
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(1500);
  await rig.act({ do: "choose", vm: "web-1", consent: "roll-back", checkpointEveryMs: 5000 });
  await rig.clock.advance(20_000);
  return rig;
}
function giveAway(rig: Rig): void {
  const row = [...rig.store.tables.vms.values()].find(({ vm }) => vm.name === "web-1");
  if (!row) throw new Error("Belay has not found web-1");
  const organizationId = seededIds(7, rig.clock).next("org");
  rig.store.tables.vms.set(row.vm.id, { ...row, vm: { ...row.vm, organizationId } });
}
const outcomes = (rig: Rig) => [...rig.store.tables.wishes.values()].map(({ ended }) => ended?.words);
const words = "The VM was given to another owner since. Nothing was done.";

test("what was asked of a VM that was given to another owner is not done", async () => {
  const rig = await savedRig();
  await rig.act({ do: "belay-dies" });
  await rig.act({ do: "save-now", vm: "web-1", key: "a" });
  await rig.act({ do: "call-restore", vm: "web-1", key: "b", back: 0 });
  await rig.act({ do: "restore-beside", vm: "web-1", key: "c", back: 0, name: "look" });
  giveAway(rig);
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(20_000);
  expect(outcomes(rig)).toEqual([words, words, words]);
  expect(rig.cloud.world.saved.restores).toEqual([]);
  rig.close();
});

test("also where it is given away while the saved state is read", async () => {
  const rig = await savedRig();
  await rig.act({ do: "call-restore", vm: "web-1", key: "b", back: 0 });
  for (let i = 0; i < 2000 && rig.store.tables.repairs.size === 0; i++) await rig.clock.advance(1);
  giveAway(rig);
  await rig.clock.advance(20_000);
  expect(rig.cloud.world.saved.restores).toEqual([]);
  expect([...rig.store.tables.incidents.values()].map((it) => it.words)).toEqual([
    "It was given to another owner since. The VM was not touched.",
  ]);
  rig.close();
});
