import { relocationRefusal } from "../../../decide/index.ts";
import type { HostId } from "../../../model/index.ts";
import { companionsOf } from "../../checkpoints/saved.ts";
import type { Env } from "../../env.ts";
import { within } from "../../guard/within.ts";
import { endMove } from "../../maintenance/on-its-way.ts";
import { goneFromHome } from "../gone-from-home.ts";
import { isOffNow } from "../off-by-hand.ts";
import { type OwnDisk, ownDiskAsRead, ownDiskHere } from "../restore/own-disk.ts";
import { retry } from "../retry.ts";
import { type StepEnd, step } from "../step.ts";
import { notOurs, vmWork } from "../work.ts";
import { notedAtStop } from "./noted.ts";
import { type Instant, type Lead, type Member, refusalNow, type Seat } from "./parts.ts";

const whyNotWithinMs = 15_000;
const lookWithinMs = 5_000;
/** It did not answer: whoever stops it there asks it again. */
const silent = "silent";
const no = (words: string, detail?: string): StepEnd<never> => ({ ok: false, words, detail });

/** Where one of the group goes on: `to` null is its own host. */
export interface Place extends Member {
  readonly host: HostId;
  readonly to: HostId | null;
}

/**
 * Each on its own host, or, where that is proven off, on another one that has room. Nothing is touched. `touched`: all of them are stopped first,
 * also what runs on a host that is back.
 */
export const findPlaces = (
  { env, options, help, repair, steps }: Lead,
  members: readonly Member[],
  touched: boolean,
  label: string,
): Promise<StepEnd<readonly Place[]>> =>
  step<readonly Place[]>(env, steps, repair, `places${label}`, async () => {
    const found: Place[] = [];
    for (const member of members) {
      const end = await retry<StepEnd<Place>>(env, options.reviveWithinMs, async () => {
        const { vm, incident } = await vmWork(env, member.repair);
        const ended = await notOurs(env, member.repair, vm);
        if (ended !== undefined) return { came: no(ended) };
        const host = await env.store.host(vm.hostId);
        const at = { ...member, host: vm.hostId };
        // A part of a host's failure that was given to another host since has no way back either.
        if (host?.standing === "in-use" && (touched || incident.partOf === null || incident.hostId !== vm.hostId))
          return { came: { ok: true, words: "", value: { ...at, to: null } } };
        if (host?.standing === "in-use" || host?.standing === "returning")
          return { came: no("A host of the group that had failed is back, and is looked at first.") };
        if (host?.standing !== "fenced") return { trouble: "A host of the group is not proven off yet." };
        const move = await endMove(env, vm);
        if (move === "moved") return { came: no("A VM of the group had been moved to another host in time.") };
        if (move !== "clear") return move;
        const place = await help.places.placeOne(vm, new Set([vm.hostId]), true);
        if ("refusal" in place) return { came: no(`A VM of the group has no place: ${place.refusal}`, place.detail) };
        return { came: { ok: true, words: "", value: { ...at, to: place.host } } };
      });
      if (!("came" in end)) return no(end.trouble.words, end.trouble.detail);
      if (!end.came.ok) return end.came;
      found.push(end.came.value);
    }
    const away = found.filter((it) => it.to !== null).length;
    const words =
      away === 0 ? "Each goes back on its own host." : `${away} of them ${away === 1 ? "goes" : "go"} to other hosts.`;
    return { ok: true, words, value: found };
  });

/**
 * What each is made of, and that nothing speaks against the instant; those that go to other hosts are given to them. The last step before anything
 * that runs is stopped, so what was chosen meanwhile is asked for once more.
 */
export const takeSeats = (
  lead: Lead,
  places: readonly Place[],
  instant: Instant,
  touched: boolean,
  before: readonly Seat[],
  label: string,
): Promise<StepEnd<readonly Seat[]>> =>
  step<readonly Seat[]>(lead.env, lead.steps, lead.repair, `last check${label}`, async () => {
    const { env, options, repair } = lead;
    const seats: Seat[] = [];
    for (const { vm, repair, host, to } of places) {
      // What a restore of the round before, or of a leader before this one, has left names the disk of its checkpoint.
      const known = before.find((it) => it.vm === vm)?.own ?? (await notedAtStop(env, repair));
      const own: StepEnd<OwnDisk> =
        known !== undefined
          ? { ok: true, words: "", value: known }
          : to === null
            ? await ownDiskHere(env, options, repair)
            : await ownDiskAsRead(env, repair);
      if (!own.ok) return own;
      const seat = { vm, repair, own: own.value, on: { host: to ?? host, claim: null } };
      const why = await whyNot(env, seat, instant);
      if (why !== undefined) return no(`A checkpoint of the group cannot be restored. ${why}`);
      seats.push(seat);
    }
    const { vm } = await vmWork(env, repair);
    const refusal = touched ? undefined : await refusalNow(env, vm, await companionsOf(env, vm));
    if (refusal !== undefined) return no(refusal);
    const why = touched ? undefined : await whyLeft(env, places);
    if (why !== undefined) return no(why);
    const off = touched ? [] : await Promise.all(seats.map((seat) => isOffNow(env, seat.repair)));
    if (off.includes(true)) return no("One of its VMs was switched off on the hypervisor.");
    // Asked of all before one is given away: it would have no way back, and its group would not come.
    if (await someHostIsBack(env, places)) return no(isBack);
    const taken: Seat[] = [];
    for (const [index, seat] of seats.entries()) {
      const to = places[index]?.to ?? null;
      if (to === null) {
        taken.push(seat);
        continue;
      }
      const claim = await env.store.claimVm(seat.repair, to, false, env.clock.now());
      if (claim === undefined) return no(isBack);
      const { generation, from } = claim;
      taken.push({ ...seat, on: { host: to, claim: { to, from, generation } } });
    }
    return { ok: true, words: "Each of them can go back.", value: taken };
  });

/** Of those that have not been stopped: one that its owner allows to go back at home alone, or that has gone from there. */
async function whyLeft(env: Env, places: readonly Place[]): Promise<string | undefined> {
  for (const { repair, host, to } of places) {
    const { vm, incident } = await vmWork(env, repair);
    if (to !== null) {
      const refusal = relocationRefusal(vm, await env.store.modeOf(vm.id));
      if (refusal !== undefined) return `One of its VMs cannot go to another host. ${refusal}`;
      continue;
    }
    const seen = env.hypervisor.readDomain(host, vm.uuid).catch(() => silent);
    if ((await within(env.clock, lookWithinMs, seen, silent)) !== undefined) continue;
    const gone = await goneFromHome(env, vm, incident);
    if (gone !== undefined) return `One of its VMs is not where it was. ${gone}`;
  }
  return undefined;
}

const isBack = "A host of the group that had failed is back before its VM was started elsewhere.";

/** Whether the proof that an old host is off is gone, of a VM that has not been given away yet: this step may be done twice. */
async function someHostIsBack(env: Env, places: readonly Place[]): Promise<boolean> {
  for (const { host, to, repair } of places) {
    if (to === null || (await vmWork(env, repair)).vm.hostId === to) continue;
    if ((await env.store.host(host))?.standing !== "fenced") return true;
  }
  return false;
}

/** Found out before anything is switched off. A store that does not answer now is asked again by the restore. */
async function whyNot(env: Env, { vm, repair, own }: Seat, { of }: Instant): Promise<string | undefined> {
  const checkpoint = of.find((it) => it.vm === vm)?.checkpoint;
  const work = await vmWork(env, repair);
  if (checkpoint === undefined) return "It is not there any more.";
  const request = { checkpoint, vm: work.vm, definition: own.xml, generation: work.vm.generation };
  return within(env.clock, whyNotWithinMs, env.checkpoints.whyNot(request), undefined).catch((error: unknown) => {
    env.log.warn(`a checkpoint of ${work.vm.name} could not be looked at`, { error: String(error) });
    return undefined;
  });
}
