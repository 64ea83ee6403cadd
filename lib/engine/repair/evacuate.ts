import { relocationRefusal } from "../../decide/index.ts";
import type { HostId, Incident, RepairId, Vm, VmId } from "../../model/index.ts";
import type { StandbyFinder } from "../checkpoints/saved.ts";
import type { EngineOptions, Env } from "../env.ts";
import { homeAgain } from "../guard/home.ts";
import type { Steps } from "../ports.ts";
import { fenceHost, type Witness } from "./fence.ts";
import { goesOn } from "./group/standing.ts";
import type { Places } from "./places.ts";
import { placesFor } from "./places-for.ts";
import { step } from "./step.ts";

const pollMs = 500;

/** What an evacuation needs of the engine around it. */
export interface EvacuationHelp {
  readonly witness: Witness;
  readonly places: Places;
  readonly standbys: StandbyFinder;
  /** Repairs were planned: begin them. */
  nudge(): void;
}

interface Placed {
  /** VMs that were lost, and those of them for which a repair was planned. */
  readonly lost: number;
  readonly planned: number;
  /** Where there is room for each. */
  readonly places: readonly { readonly vm: VmId; readonly host: HostId }[];
}

const ofVms = (count: number, all: number): string =>
  count === 0 ? "None of its VMs" : `${count} of ${all} ${all === 1 ? "VM" : "VMs"}`;

/**
 * `evacuate`: prove the host off, then start each of its VMs elsewhere (paper, section III-B). The VMs have repairs of their own, which
 * this one plans, and waits for.
 */
export const evacuateHost =
  (env: Env, options: EngineOptions, { witness, places, standbys, nudge }: EvacuationHelp) =>
  async (repair: RepairId, steps: Steps) => {
    const { store, clock } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));
    const incidentNow = async () => (await store.repairWork(repair)).incident;
    const end = (state: "succeeded" | "handed-over", words: string, tr: number | null) =>
      store.endRepair(
        repair,
        { state, incident: state === "succeeded" ? "repaired" : "handed-over", words, tr },
        clock.now(),
      );

    const fenced = await step(env, steps, repair, "fence", async () => {
      const { incident } = await store.repairWork(repair);
      const end = await fenceHost(env, options, witness, incident.hostId, incident.id);
      nudge();
      return end;
    });
    if (!fenced.ok)
      return steps.run("hand over", async () => {
        env.log.warn(`a dead host could not be proven off: ${fenced.words}`);
        await tellParts(env, await incidentNow());
        await end("handed-over", fenced.words, null);
      });
    if (fenced.value.kind === "well")
      return steps.run("end", async () => {
        const incident = await incidentNow();
        const host = await store.host(incident.hostId);
        if (host?.standing === "fencing") await store.recordStanding(host.id, "in-use", null, clock.now());
        await homeAgain(env, incident);
        const words = "It was well again before it was switched off; nothing was done to it.";
        await store.endRepair(repair, { state: "not-needed", incident: "cleared", words, tr: null }, clock.now());
        nudge();
      });

    const placed = await step<Placed>(env, steps, repair, "place", async () => {
      const found = await placeParts(env, places, standbys, await incidentNow());
      nudge();
      const words =
        found.lost === 0
          ? await carriedNothing(env, await incidentNow())
          : `${ofVms(found.planned, found.lost)} ${found.planned < 2 ? "has" : "have"} a place, or ${found.planned < 2 ? "is" : "are"} tried where there is one.`;
      return { ok: true, words, value: found };
    });
    if (!placed.ok) return;

    const waited = await step(env, steps, repair, "wait", async () => {
      const incident = await incidentNow();
      await reserveAgain(env, places, incident, placed.value);
      const left = await waitForParts(env, options, incident);
      const words = left === 0 ? "Every VM is back." : `${left === 1 ? "1 VM is" : `${left} VMs are`} not back.`;
      return { ok: true, words, value: { left, at: clock.now() } };
    });
    if (!waited.ok) return;
    const { left, at } = waited.value;
    const { lost } = placed.value;
    const back = `${ofVms(lost - left, lost)} ${lost - left < 2 ? "is" : "are"} elsewhere.`;
    return steps.run("end", async () =>
      left === 0
        ? end("succeeded", lost === 0 ? `It is off. ${await carriedNothing(env, await incidentNow())}` : back, at)
        : end("handed-over", `${back} What keeps the others is written in their incidents.`, null),
    );
  };

const carriedNothing = async ({ store }: Env, { hostId }: Incident): Promise<string> =>
  (await store.vmsOf(hostId)).some((vm) => vm.wanted === "running")
    ? "What should run of it had been left to people before."
    : "It carried no VM that should run.";

/** For the owners: nobody is at work on it until there is a proof, and they are told so. */
async function tellParts(env: Env, incident: Incident): Promise<void> {
  const refusal =
    "Its host failed and is not proven off, so it could still run there. It is started elsewhere as soon as that is proven.";
  const parts = await env.store.partsOf(incident.id);
  await env.store.planRelocations(
    parts.map((part) => ({ incidentId: part.incident.id, plan: { refusal } })),
    env.clock.now(),
  );
}

/** A plan or a refusal for each VM that the host took with it. Those that have a repair keep it: twice is once. */
async function placeParts(env: Env, places: Places, standbys: StandbyFinder, incident: Incident): Promise<Placed> {
  const { store, clock } = env;
  const parts = (await store.partsOf(incident.id)).filter(({ vm }) => vm.hostId === incident.hostId);
  const refusals = new Map<Vm["id"], string>();
  for (const { vm } of parts) {
    const refusal = relocationRefusal(vm, await store.modeOf(vm.id));
    if (refusal !== undefined) refusals.set(vm.id, refusal);
  }
  const movable = parts.filter(({ vm }) => !refusals.has(vm.id));
  const found = await placesFor(env, places, standbys, movable, new Set([incident.hostId]));
  const byPriority = [...parts].sort((a, b) => b.vm.priority - a.vm.priority || (a.vm.id < b.vm.id ? -1 : 1));
  const plans = byPriority.map(({ incident: part, vm }) => {
    const refusal = refusals.get(vm.id);
    const place = found.get(vm.id);
    if (refusal !== undefined) return { incidentId: part.id, plan: { refusal } };
    if (place === undefined || "refusal" in place)
      return { incidentId: part.id, plan: { refusal: place?.refusal ?? "No host has room for it." } };
    places.reserve(vm, place.host);
    return { incidentId: part.id, plan: goesOn(part, place.plan) ?? place.plan };
  });
  const planned = await store.planRelocations(plans, clock.now());
  const reserved = [...found].flatMap(([vm, place]) => ("host" in place ? [{ vm, host: place.host }] : []));
  return { lost: parts.length, planned: planned.length, places: reserved };
}

/** After a restart of the engine the places that were found for all together are known again, for the VMs that are still to go. */
async function reserveAgain(env: Env, places: Places, incident: Incident, placed: Placed): Promise<void> {
  const waiting = new Map<Vm["id"], Vm>();
  for (const { vm, incident: part } of await env.store.partsOf(incident.id))
    if (vm.hostId === incident.hostId && part.repairs.some((it) => it.finishedAt === null)) waiting.set(vm.id, vm);
  for (const { vm: id, host } of placed.places) {
    const vm = waiting.get(id);
    if (vm !== undefined) places.reserve(vm, host);
  }
}

/** Until no part has a repair that is at work. Gives how many are not over then. */
async function waitForParts(env: Env, options: EngineOptions, incident: Incident): Promise<number> {
  const { store, clock } = env;
  const deadline = clock.monotonicMs() + options.evacuateWithinMs;
  for (;;) {
    const parts = await store.partsOf(incident.id);
    const working = parts.some((part) => part.incident.repairs.some((it) => it.finishedAt === null));
    if (!working || clock.monotonicMs() >= deadline) return parts.length;
    await clock.sleep(pollMs);
  }
}
