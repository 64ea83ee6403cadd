import { managerPlan } from "../../manager/actions.ts";
import type { Random } from "../../random.ts";
import type { CloudSpec } from "../../world/cloud-spec.ts";
import type { Action } from "../actions.ts";
import type { Cast } from "./deeds.ts";
import { madeNames, managed, sharedImage } from "./deeds-together.ts";

const sharedPaths = ["/srv/shared"];

/**
 * The cloud of the random schedules: small, so that one thing often falls into the middle of another. Its hosts are proven off in
 * different ways: by a BMC that dies with their power, by a plug, or by the lease of their helper alone.
 */
export const randomHosts: CloudSpec["hosts"] = [
  {
    ...{ name: "host-1", rack: "a", sharedPaths, fence: [{ bmcOnHostPower: true }], helper: { drift: 1.01 } },
    vms: [{ name: "web-1" }, { name: "web-2", onCrash: "destroy" as const, bootMs: 1200 }],
  },
  {
    ...{ name: "host-2", rack: "a", sharedPaths, fence: [{}, { agent: "sim-pdu" }] },
    vms: [
      { name: "web-3", bootMs: 1200 },
      { name: "batch-1", persistent: false },
    ],
  },
  {
    ...{ name: "host-3", rack: "b", sharedPaths, helper: { drift: 0.99 } },
    vms: [
      { name: "db-1", bootMs: 1200 },
      { name: "local-1", disk: "/var/lib/libvirt/images/local-1.qcow2" },
    ],
  },
];

/** What must never happen must not rest on QEMU's locks: half of the schedules go without. */
export const diskLocksOf = (seed: number): boolean => seed % 2 === 0;

/** What the owners chose before the first step. */
export const firstChoices: readonly Action[] = [
  { do: "choose", vm: "*", consent: "relocate" },
  { do: "choose", vm: "web-2", consent: "restart-vm" },
  { do: "choose", vm: "web-3", answers: "icmp", priority: 8 },
  { do: "choose", vm: "db-1", apart: "pair", priority: 9 },
  { do: "choose", vm: "web-1", apart: "pair" },
];

/** Half of the schedules, with locks and without: what saving costs nobody pays where nothing is saved. */
export const savesOf = (seed: number): boolean => Math.floor(seed / 2) % 2 === 0;

/** And what they chose besides where VMs are saved. */
export const savingChoices: readonly Action[] = [
  { do: "choose", vm: "web-1", consent: "roll-back", checkpointEveryMs: 3000, standby: true },
  { do: "choose", vm: "db-1", consent: "recreate", checkpointEveryMs: 5000 },
  { do: "choose", vm: "web-2", checkpointEveryMs: 4000 },
  { do: "choose", vm: "local-1", consent: "roll-back", checkpointEveryMs: 4000 },
  { do: "choose", vm: "web-3", consent: "roll-back", checkpointEveryMs: 5000, rollbackIntolerant: true },
  { do: "choose", vm: "batch-1", consent: "roll-back", checkpointEveryMs: 6000 },
];

/** In half of those VMs of different hosts go back together or not at all. */
export const groupsOf = (seed: number): boolean => savesOf(seed) && Math.floor(seed / 16) % 2 === 0;

export const groupChoices: readonly Action[] = ["web-1", "db-1", "local-1"].map((vm) => ({
  ...{ do: "choose", vm, checkpointGroup: "pair", checkpointEveryMs: 3000 },
}));

/** A quarter of the schedules, saved or not, with locks and without: owners who repair together with the provider. */
export const togetherOf = (seed: number): boolean => Math.floor(seed / 4) % 4 === 1;

const plan = managerPlan.parse({});
const terms = { mode: "collaborative", answerWithinMs: 5000, finishWithinMs: 15_000 } as const;

/** And what they chose, and the provider for them. */
export const togetherChoices: readonly Action[] = [
  { do: "put-image", name: "bare", path: sharedImage },
  { do: "guest-network", from: "198.18.9.10", to: "198.18.9.14" },
  { do: "application", ...terms, name: "shop", vms: ["web-1", "db-1"], fallback: "own-disk" },
  { do: "application", ...terms, name: "blog", vms: ["web-3", "local-1"], fallback: "checkpoint" },
  ...["web-1", "db-1", "web-3"].map((made): Action => ({ do: "made-from", made, image: "bare" })),
  { do: "choose", vm: "web-1", consent: "recreate" },
  { do: "choose", vm: "web-3", consent: "recreate" },
  ...managed.map((vm): Action => ({ do: "manager-starts", vm, manager: "manager", plan })),
];

const hostNames = randomHosts.map((it) => it.name);
const vmNames = randomHosts.flatMap((it) => (it.vms ?? []).map((vm) => vm.name));

/** Shorter patience than in production: the same rules come round more often in the same time. */
export const randomEngine = { reviveWithinMs: 20_000, answerWithinMs: 15_000, probeEveryMs: 500 } as const;

export const castOf = (random: Random, saves: boolean, together: boolean): Cast => {
  const one = (names: readonly string[]) => names[random.between(0, names.length - 1)] ?? "";
  const vms = together ? [...vmNames, ...madeNames] : vmNames;
  return { vm: () => one(vms), host: () => one(hostNames), saves, together };
};

/** Puts everything right that a deed can break. Whoever adds a fault adds its mending here. */
export function* mendAll(together: boolean): Generator<Action> {
  for (const vm of together ? [...vmNames, ...madeNames] : vmNames) {
    yield { do: "crash-loop-ends", vm };
    yield { do: "disk-mended", vm };
    yield { do: "plug-guest", vm };
  }
  for (const host of hostNames) {
    yield { do: "host-power-on", host };
    yield { do: "mend", host };
    yield { do: "rejoin", host };
    yield { do: "libvirtd-mended", host };
    yield { do: "libvirtd-starts", host };
    yield { do: "helper-starts", host };
    for (const device of [1, 2]) yield { do: "fence-mended", host, device };
    for (const other of hostNames) yield { do: "join", from: host, to: other };
    yield { do: "end-maintenance", host };
  }
  for (const it of ["store-empties", "captures-spared"] as const) yield { do: it };
  yield { do: "captures-slow", ms: 0 };
  for (const vm of together ? managed : []) {
    yield { do: "manager-dies", vm, manager: "second" };
    yield { do: "manager-will", vm, manager: "manager", plan };
    yield { do: "manager-starts", vm, manager: "manager", plan };
  }
  for (const vm of together ? managed : [])
    for (const manager of ["manager", "second"]) yield { do: "service-mended", vm, manager };
  yield { do: "belay-dies" }; // with whatever death was still planned for it
  yield { do: "belay-starts" };
}
