import type { Action } from "./actions.ts";
import { createRig, type Rig } from "./rig.ts";
import { createWatchman, type Watchman } from "./watchman.ts";

/** Any row of faults, losses, deaths of Belay and deeds of people; `afterMs` from the step before. */
export type Schedule = readonly { readonly afterMs: number; readonly action: Action }[];

/** Shorter patience than in production: the same rules come round more often in the same time. */
const engine = { reviveWithinMs: 20_000, answerWithinMs: 15_000 } as const;
const checkEveryMs = 500;
/** Longer than everything that may still be at work once the world is well: a repair of three rounds, then the sweep. */
const calmMs = 150_000;
/** So long nothing has to be left to do before it is believed. */
const quietMs = 12_000;

const hosts = [
  { name: "host-1", vms: [{ name: "web-1" }, { name: "web-2", onCrash: "destroy" as const }] },
  { name: "host-2", vms: [{ name: "web-3" }, { name: "batch-1", persistent: false }] },
];
export const scheduleHosts = hosts.map((it) => it.name);
export const scheduleVms = hosts.flatMap((it) => it.vms.map((vm) => vm.name));

/**
 * Plays a schedule on the production engine, looks at the invariants after every step and in between, then mends everything and lets
 * time pass: in the end each VM is as it should be, or a person has been told why not and can put it right. Returns what was broken,
 * with the time.
 */
export async function playSchedule(schedule: Schedule, seed = 1): Promise<string[]> {
  const rig = await createRig({ hosts, seed, engine });
  const watchman = createWatchman(rig);
  const broken = new Set<string>();
  const startMs = rig.clock.now();
  const pass = (ms: number) => lookOn(rig, watchman, ms, (words) => broken.add(words), startMs);
  await rig.act({ do: "belay-starts" });
  await pass(3000);
  for (const { afterMs, action } of schedule) {
    await pass(afterMs);
    await rig.act(action); // one that cannot happen now is left out
  }
  for (const action of mendAll()) await rig.act(action);
  await calm(rig, pass);
  for (const words of unsettled(rig)) broken.add(words);
  for (const action of byPeople(rig)) {
    await rig.act(action);
    await pass(2000);
  }
  await calm(rig, pass);
  for (const words of [...unsettled(rig), ...stillTold(rig)]) broken.add(words);
  for (const { at, level, words, facts } of rig.log)
    if (level === "error") broken.add(`${(at - startMs) / 1000} s: ${words} ${JSON.stringify(facts)}`);
  rig.close();
  await rig.clock.advance(0);
  if (rig.clock.pending() > 0) broken.add(`${rig.clock.pending()} timers were left behind.`);
  return [...broken];
}

/** Lets time pass until nothing is left to do, and stays so for a while. */
async function calm(rig: Rig, pass: (ms: number) => Promise<void>): Promise<void> {
  for (let passedMs = 0, quiet = 0; passedMs < calmMs && quiet < quietMs; passedMs += 2000) {
    await pass(2000);
    quiet = [...unsettled(rig)].length === 0 ? quiet + 2000 : 0;
  }
}

async function lookOn(rig: Rig, watchman: Watchman, ms: number, tell: (words: string) => void, startMs: number) {
  const told = new Set<string>();
  for (let left = ms; left > 0; left -= checkEveryMs) {
    await rig.clock.advance(Math.min(left, checkEveryMs));
    for (const words of watchman.check()) {
      if (told.has(words)) continue;
      told.add(words);
      tell(`${(rig.clock.now() - startMs) / 1000} s: ${words}`);
    }
  }
}

function* mendAll(): Generator<Action> {
  for (const vm of scheduleVms) {
    yield { do: "crash-loop-ends", vm };
    yield { do: "disk-mended", vm };
  }
  for (const host of scheduleHosts) {
    yield { do: "host-power-on", host };
    yield { do: "mend", host };
    yield { do: "libvirtd-starts", host };
  }
  yield { do: "belay-dies" }; // with whatever death was still planned for it
  yield { do: "belay-starts" };
}

const handedOver = (rig: Rig) => [...rig.store.tables.incidents.values()].filter((it) => it.state === "handed-over");

/** People do what the incidents that were handed over to them ask for: they stop what is left of the VM and start it. */
function* byPeople(rig: Rig): Generator<Action> {
  for (const { vmId } of handedOver(rig)) {
    const vm = rig.store.tables.vms.get(vmId)?.vm.name ?? "";
    yield { do: "person-stops", vm };
    yield { do: "person-starts", vm };
  }
}

/** After that nobody is told any more of what is well; only a VM that is gone from its host stays handed over. */
function* stillTold(rig: Rig): Generator<string> {
  for (const { vmId, words } of handedOver(rig)) {
    const vm = rig.store.tables.vms.get(vmId)?.vm;
    if (vm?.state !== "missing") yield `In the end: ${vm?.name} is ${vm?.state} and still handed over: ${words}`;
  }
}

/** Once all is mended and calm: nothing half done, and no VM down without a person knowing. */
function* unsettled(rig: Rig): Generator<string> {
  const { tables } = rig.store;
  for (const { vm } of tables.vms.values()) {
    const domain = rig.cloud.world.hosts().flatMap((host) => host.domains.get(vm.uuid) ?? [])[0];
    const incident = [...tables.incidents.values()].find((it) => it.vmId === vm.id && it.endedAt === null);
    const state = `${domain?.state ?? "gone"} (${domain?.reason}), seen as ${vm.state}`;
    if (incident && incident.state !== "handed-over")
      yield `In the end: ${vm.name} is ${state}, and its incident is still ${incident.state}.`;
    if (vm.wanted === "running" && domain?.state !== "running" && !incident)
      yield `In the end: ${vm.name} is ${state}, is wanted, and nobody was told.`;
    if (vm.state !== (domain?.state ?? "missing")) yield `In the end: ${vm.name} is ${state}.`;
  }
  for (const repair of tables.repairs.values())
    if (repair.finishedAt === null) yield `In the end: repair ${repair.id} is still ${repair.state}.`;
  for (const intent of tables.intents.values())
    if (intent.ended === null) yield `In the end: the request to kill ${intent.name} was never answered.`;
}
