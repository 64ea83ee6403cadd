import type { Random } from "../../random.ts";
import type { Action } from "../actions.ts";
import { togetherDeeds } from "./deeds-together.ts";

/** Who there is in the cloud of the random schedules, for deeds to choose from. */
export interface Cast {
  vm(): string;
  host(): string;
  /** Whether VMs are saved. */
  readonly saves: boolean;
  /** Whether some owners repair together with the provider. */
  readonly together: boolean;
}

/** Something that random schedules do: how often, beside the others, and how it is drawn. */
export interface Deed {
  readonly weight: number;
  /** Only where VMs are saved. */
  readonly saving?: true;
  /** Only where some owners repair together with the provider. */
  readonly together?: true;
  draw(random: Random, cast: Cast): Action;
}

/**
 * All that a random schedule is made of: a new fault, loss or deed of a person is a line here. What cannot happen at the moment is not
 * a step, and another deed is drawn in its place.
 */
export const deeds: readonly Deed[] = [
  {
    weight: 6,
    draw: (random, { vm }) => ({
      do: random.pick(["kill-qemu", "panic", "guest-powers-off", "guest-sleeps", "watchdog", "hang"]),
      vm: vm(),
    }),
  },
  { weight: 1, draw: (_, { vm }) => ({ do: "hang", vm: vm(), kind: "spinning" }) },
  {
    weight: 1,
    draw: (random, { vm }) => ({ do: random.pick(["unplug-guest", "plug-guest", "plug-guest"]), vm: vm() }),
  },
  {
    weight: 2,
    draw: (random, { vm }) => ({
      do: random.pick(["person-pauses", "person-resumes", "person-stops", "person-starts", "person-undefines"]),
      vm: vm(),
    }),
  },
  { weight: 1, draw: (_, { host }) => ({ do: "host-power-off", host: host() }) },
  { weight: 3, draw: (_, { host }) => ({ do: "host-power-on", host: host() }) },
  { weight: 1, draw: (_, { host }) => ({ do: "cut", host: host() }) },
  { weight: 3, draw: (_, { host }) => ({ do: "mend", host: host() }) },
  { weight: 1, draw: (random, { host }) => ({ do: random.pick(["isolate", "rejoin", "rejoin"]), host: host() }) },
  {
    weight: 1,
    draw: (random, { host }) => ({ do: random.pick(["part", "join", "join"]), from: host(), to: host() }),
  },
  { weight: 1, draw: (random, { host }) => ({ do: random.pick(["helper-dies", "helper-starts"]), host: host() }) },
  // A device that lies is a limit of all fencing: only scenarios have one.
  {
    weight: 1,
    draw: (random, { host }) => ({
      ...{ do: "fence-fails", host: host(), how: random.pick(["dark", "refuses", "slow"]) },
      device: random.between(1, 2),
    }),
  },
  { weight: 2, draw: (random, { host }) => ({ do: "fence-mended", host: host(), device: random.between(1, 2) }) },
  { weight: 1, draw: (random) => ({ do: "storage-hiccup", path: "/srv/shared", ms: random.between(100, 8000) }) },
  { weight: 1, draw: () => ({ do: "migrations-fail", count: 1 }) },
  { weight: 1, draw: (random) => ({ do: "clock-jumps", ms: random.between(-60_000, 60_000) }) },
  { weight: 1, draw: (_, { host }) => ({ do: "begin-maintenance", host: host(), parallel: 2 }) },
  { weight: 2, draw: (_, { host }) => ({ do: "end-maintenance", host: host() }) },
  { weight: 2, draw: (_, { host }) => ({ do: "approve", host: host() }) },
  { weight: 1, draw: (_, { host }) => ({ do: "say-off", host: host() }) },
  { weight: 1, draw: (_, { host }) => ({ do: "libvirtd-dies", host: host() }) },
  { weight: 3, draw: (_, { host }) => ({ do: "libvirtd-starts", host: host() }) },
  {
    weight: 1,
    draw: (random, { vm }) => ({ do: "disk-error", vm: vm(), reason: random.pick(["other", "no space"]) }),
  },
  { weight: 1, draw: (_, { vm }) => ({ do: "disk-mended", vm: vm() }) },
  {
    weight: 1,
    draw: (random, { vm }) => ({ do: "crash-loop", vm: vm(), afterMs: random.between(1, 20_000) }),
  },
  { weight: 1, draw: (_, { vm }) => ({ do: "crash-loop-ends", vm: vm() }) },
  { weight: 2, draw: (random) => ({ do: "lose-events", count: random.between(1, 4) }) },
  { weight: 1, draw: (random) => ({ do: "duplicate-events", count: random.between(1, 4) }) },
  {
    weight: 1,
    draw: (random) => ({ do: "delay-events", count: random.between(1, 4), ms: random.between(1, 8000) }),
  },
  { weight: 2, draw: () => ({ do: "belay-dies" }) },
  { weight: 4, draw: () => ({ do: "belay-starts" }) },
  {
    weight: 3,
    draw: (random) => ({
      do: "belay-dies-at",
      call: random.between(1, 60),
      when: random.pick(["before", "after"]),
    }),
  },
  // Few keys: a request that is sent again, and a key that was used for another VM, come up too.
  { weight: 2, draw: (random, { vm }) => ({ do: "kill-button", vm: vm(), key: `key-${random.between(1, 30)}` }) },
  { weight: 1, draw: (random, { vm }) => ({ do: "wanted", vm: vm(), to: random.pick(["running", "stopped"]) }) },
  {
    ...{ weight: 4, saving: true },
    draw: (random, { host }) => ({
      ...{ do: "in-next-capture", host: host(), afterMs: random.between(0, 900) },
      what: random.pick(["agent-dies", "agent-dies", "cut", "kill-qemu", "host-power-off"]),
    }),
  },
  {
    ...{ weight: 2, saving: true },
    draw: (random) => ({ do: "belay-dies-in-capture", afterMs: random.between(0, 900) }),
  },
  {
    ...{ weight: 3, saving: true },
    draw: (random) => ({ do: random.pick(["store-fills", "store-empties", "store-empties", "captures-spared"]) }),
  },
  {
    ...{ weight: 1, saving: true },
    draw: (random) => ({ do: "captures-slow", ms: random.pick([0, 0, 800, 6000]) }),
  },
  {
    ...{ weight: 3, saving: true },
    draw: (random, { vm }) => ({ do: "checkpoint-damaged", vm: vm(), newest: random.pick([1, 1, 2, 20]) }),
  },
  {
    ...{ weight: 2, saving: true },
    draw: (random, { vm }) => ({ do: "save-now", vm: vm(), key: `save-${random.between(1, 30)}` }),
  },
  {
    ...{ weight: 3, saving: true },
    draw: (random, { vm }) => ({
      ...{ do: "call-restore", vm: vm(), key: `restore-${random.between(1, 60)}`, back: random.between(0, 3) },
    }),
  },
  {
    ...{ weight: 1, saving: true },
    draw: (random, { vm }) => {
      const number = random.between(1, 30); // one wish for each name: people tell VMs apart by it
      const back = random.between(0, 2);
      return { do: "restore-beside", vm: vm(), key: `beside-${number}`, back, name: `look-${number}` };
    },
  },
  {
    ...{ weight: 1, saving: true },
    draw: (random, { vm }) => ({
      do: "keep-checkpoint",
      vm: vm(),
      back: random.between(0, 3),
      kept: random.chance(0.5),
    }),
  },
  {
    ...{ weight: 3, saving: true },
    draw: (random, { vm }) => ({
      ...{ do: "choose", vm: vm(), checkpointEveryMs: random.pick([1000, 3000, 5000, null, 0]) },
      ...{ standby: random.chance(0.4), rollbackIntolerant: random.chance(0.2) },
      ...{
        checkpointGroup: random.pick([null, "pair", "pair"]),
        consent: random.pick(["relocate", "roll-back", "recreate"]),
      },
    }),
  },
  {
    weight: 1,
    draw: (random, { vm }) => ({
      do: "consent",
      vm: vm(),
      to: random.pick(["notify", "restart-vm", "relocate", "recreate"]),
    }),
  },
];

/** Those that there are for such a cast, and their weights together. */
const listOf = (saves: boolean, together: boolean) => {
  const list = [...deeds, ...togetherDeeds].filter(
    (it) => (saves || it.saving !== true) && (together || it.together !== true),
  );
  return { list, total: list.reduce((sum, { weight }) => sum + weight, 0) };
};
const lists = [listOf(false, false), listOf(true, false), listOf(false, true), listOf(true, true)];

export function drawDeed(random: Random, cast: Cast): Action {
  const { list, total } = lists[(cast.saves ? 1 : 0) + (cast.together ? 2 : 0)] ?? listOf(cast.saves, cast.together);
  let left = random.next() * total;
  for (const deed of list) {
    left -= deed.weight;
    if (left < 0) return deed.draw(random, cast);
  }
  return { do: "belay-starts" };
}

/**
 * Several things at once are what breaks systems: most deeds follow the one before within a tenth of a second. In between are rests,
 * in which repairs get somewhere or come to their end.
 */
export function drawPause(random: Random): number {
  if (random.chance(0.93)) return random.between(0, 100);
  return random.chance(0.8) ? random.between(500, 4000) : random.between(4000, 15_000);
}
