import { managerPlan } from "../../manager/actions.ts";
import type { Random } from "../../random.ts";
import type { Action } from "../actions.ts";
import type { Deed } from "./deeds.ts";

/** One VM of each owner that has a manager: actions name managers by it. */
export const managed = ["web-1", "web-3"] as const;
/** VMs that may be asked for. */
export const madeNames = ["made-1", "made-2"] as const;
export const sharedImage = "/srv/shared/images/bare.qcow2";

/** Well behaved more often than not, else few conversations get anywhere. */
const drawPlan = (random: Random) =>
  managerPlan.parse({
    answer: random.pick(["accept", "accept", "accept", "choose", "postpone", "decline", "silent"]),
    technique: random.pick(["assisted-rebuild", "revive-vm", "relocate", "restore-checkpoint"]),
    answerMs: random.pick([0, 100, 2000, 6000]),
    postponeMs: random.pick([3000, 8000]),
    agreesAfterMs: random.pick([null, 1000, 5000]),
    phaseMs: random.pick([0, 500, 3000]),
    end: random.pick(["completes", "completes", "completes", "fails", "stalls"]),
    doubles: random.chance(0.2),
    sees: random.pick(["dead-vm", "dead-server", "well", "unsure", "nothing"]),
    maintenance: random.pick(["begin", "begin", "stop", "silent"]),
  });

const manager = "manager";
const second = (random: Random) => random.pick([manager, manager, "second"]);

/** What owners' managers do and suffer, and VMs that owners ask for and give back. */
export const togetherDeeds: readonly Deed[] = [
  {
    ...{ weight: 4, together: true },
    draw: (random): Action => ({
      ...{ do: "manager-starts", vm: random.pick(managed), manager: second(random), plan: drawPlan(random) },
    }),
  },
  {
    ...{ weight: 3, together: true },
    draw: (random): Action => ({ do: "manager-dies", vm: random.pick(managed), manager: second(random) }),
  },
  {
    ...{ weight: 4, together: true },
    draw: (random): Action => ({ do: "manager-will", vm: random.pick(managed), manager, plan: drawPlan(random) }),
  },
  {
    ...{ weight: 2, together: true },
    draw: (random): Action => ({
      ...{ do: random.pick(["service-fails", "service-mended", "service-mended"]), vm: random.pick(managed), manager },
    }),
  },
  {
    ...{ weight: 3, together: true },
    draw: (random): Action => {
      const name = random.pick(madeNames);
      const apart = random.pick(["pair", null]);
      const key = `${name}-${random.between(1, 20)}`;
      return { do: "allocate", key, name, application: "shop", image: "bare", memoryMiB: 256, vcpus: 1, apart };
    },
  },
  { ...{ weight: 2, together: true }, draw: (random): Action => ({ do: "free", made: random.pick(madeNames) }) },
  {
    ...{ weight: 1, together: true },
    draw: (random): Action => ({
      ...{ do: "mode", vm: random.pick(managed), to: random.pick(["collaborative", "collaborative", "provider"]) },
    }),
  },
];
