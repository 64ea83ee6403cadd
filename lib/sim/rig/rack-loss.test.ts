import { expect, test } from "vitest";
import { cloudSpec } from "../world/cloud-spec.ts";
import { createRig } from "./rig.ts";
import { createWatchman } from "./watchman.ts";

/** 40 hosts with 8 VMs each, in racks of 8. */
const { hosts } = cloudSpec.parse({
  hosts: Array.from({ length: 40 }, (_, at) => ({
    name: `host-${at + 1}`,
    rack: `rack-${1 + Math.floor(at / 8)}`,
    fence: [{}],
    sharedPaths: ["/shared"],
    vms: Array.from({ length: 8 }, (_, vm) => ({ name: `vm-${at + 1}-${vm + 1}` })),
  })),
});

test("a whole rack is lost while a host is being drained: nobody waits for another's place, and every VM is back", async () => {
  const rig = await createRig({ hosts, database: "none" });
  const watchman = createWatchman(rig);
  const broken = new Set<string>();
  const look = () => {
    for (const words of watchman.glance()) broken.add(words);
  };
  await rig.act({ do: "belay-starts" });
  await rig.clock.advance(4000, look);
  await rig.act({ do: "choose", vm: "*", consent: "relocate" });
  await rig.act({ do: "begin-maintenance", host: "host-40", parallel: 8 });
  await rig.clock.advance(300, look);
  for (let at = 1; at <= 8; at++) await rig.act({ do: "host-power-off", host: `host-${at}` });
  await rig.clock.advance(90_000, look);
  const vms = [...rig.store.tables.vms.values()].map(({ vm }) => vm);
  const lost = vms
    .filter((vm) => vm.state !== "running" || vm.movingTo !== null)
    .map(({ name, state }) => ({ name, state }));
  rig.close();
  expect(lost).toEqual([]);
  expect(vms).toHaveLength(320);
  expect([...broken]).toEqual([]);
}, 120_000);
