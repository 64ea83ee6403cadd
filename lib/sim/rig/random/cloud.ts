import type { Random } from "../../random.ts";
import type { CloudSpec } from "../../world/cloud-spec.ts";
import type { Action } from "../actions.ts";
import type { Cast } from "./deeds.ts";

/** The cloud of the random schedules: small, so that one thing often falls into the middle of another. */
export const randomHosts: CloudSpec["hosts"] = [
  { name: "host-1", vms: [{ name: "web-1" }, { name: "web-2", onCrash: "destroy" as const, bootMs: 1200 }] },
  {
    name: "host-2",
    vms: [
      { name: "web-3", bootMs: 1200 },
      { name: "batch-1", persistent: false },
    ],
  },
];
const hostNames = randomHosts.map((it) => it.name);
const vmNames = randomHosts.flatMap((it) => (it.vms ?? []).map((vm) => vm.name));

/** Shorter patience than in production: the same rules come round more often in the same time. */
export const randomEngine = { reviveWithinMs: 20_000, answerWithinMs: 15_000, probeEveryMs: 500 } as const;

export const castOf = (random: Random): Cast => {
  const one = (names: readonly string[]) => names[random.between(0, names.length - 1)] ?? "";
  return { vm: () => one(vmNames), host: () => one(hostNames) };
};

/** Puts everything right that a deed can break. Whoever adds a fault adds its mending here. */
export function* mendAll(): Generator<Action> {
  for (const vm of vmNames) {
    yield { do: "crash-loop-ends", vm };
    yield { do: "disk-mended", vm };
  }
  for (const host of hostNames) {
    yield { do: "host-power-on", host };
    yield { do: "mend", host };
    yield { do: "libvirtd-starts", host };
  }
  yield { do: "belay-dies" }; // with whatever death was still planned for it
  yield { do: "belay-starts" };
}
