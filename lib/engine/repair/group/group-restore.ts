import { asOfFailure } from "../../../decide/index.ts";
import type { EpochMs, IncidentState, RepairId, RepairState } from "../../../model/index.ts";
import { companionsOf } from "../../checkpoints/saved.ts";
import type { EngineOptions, Env } from "../../env.ts";
import type { Steps } from "../../ports.ts";
import { defineOnItsHost } from "../leave-defined.ts";
import { bringBackFrom } from "../restore/restore-checkpoint.ts";
import { vmWork } from "../work.ts";
import { chooseInstants } from "./choose.ts";
import { gather } from "./gather.ts";
import { type Answer, prepareAll, verifyAll } from "./go-on.ts";
import { holdAll, letGoAll } from "./hold.ts";
import { seatsAtStop } from "./noted.ts";
import { freeAll, putBack, stopAll } from "./off.ts";
import { type GroupHelp, type Instant, type Lead, type Member, repairsBeside, type Seat, stepNames } from "./parts.ts";
import { lookWithinMs } from "./patience.ts";
import { howGroupWent } from "./standing.ts";
import { takeTurn, whileLeading } from "./turn.ts";
import { findPlaces, takeSeats } from "./where.ts";

/** A host of the group may fail while the group goes back: then all of it is done anew, so often. */
const roundsAtMost = 3;

/** `alone`: nothing was touched, and the group does not go back: what failed is brought back as if it had none. */
type Led = { readonly kind: "ended" } | { readonly kind: "alone"; readonly words: string };

/**
 * `group-restore`: all VMs of a group go back to one instant that was saved of them together, or none of them does. All are stopped first, then all
 * are made ready, then all are held: loaded, and none runs. Only then are all let go. Where one cannot be held none of them has run, and all go to the
 * next older instant; where none is left all are handed over.
 */
export const groupRestore =
  (env: Env, options: EngineOptions, help: GroupHelp) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    const lead: Lead = { env, options, help, repair, steps };
    await steps.run("begin", () => env.store.beginRepair(repair, env.clock.now()));
    const turn = await takeTurn(lead);
    if (turn === "over") return;
    if (turn === "alone") return help.acting(repair, () => bringBackAlone(lead, "Its group does not go back."));
    const led = await whileLeading(lead, () => help.acting(repair, () => leadGroup(lead)));
    if (led?.kind === "alone") await help.acting(repair, () => bringBackAlone(lead, led.words));
  };

/** As if it were in no group: from its own disk. The others run, and no state of the past is put beside them. */
const bringBackAlone = ({ env, options, help, repair, steps }: Lead, said: string): Promise<void> =>
  bringBackFrom(env, options, help, repair, steps, { list: [], said });

async function leadGroup(lead: Lead): Promise<Led> {
  let touched = false;
  let seats: readonly Seat[] = [];
  let last = "";
  for (let round = 1; round <= roundsAtMost; round++) {
    const label = round === 1 ? "" : ` (round ${round})`;
    const ready = await getReady(lead, touched, seats, label);
    if (!ready.ok)
      return touched || ready.touched ? giveUp(lead, seats, last || ready.words) : leaveAlone(lead, ready.words);
    seats = ready.seats;
    touched = true;
    const stopped = await stopAll(lead, seats, label);
    if (!stopped.ok) {
      last = stopped.words;
      continue;
    }
    const end = await goBack(lead, seats, ready.instants, label);
    if (end.kind === "back") return finish(lead, end.instant, seats, end.answers);
    last = end.words;
    if (end.kind === "none") return giveUp(lead, seats, last);
  }
  return giveUp(lead, seats, last);
}

type Ready =
  | { readonly ok: true; readonly seats: readonly Seat[]; readonly instants: readonly Instant[] }
  | { readonly ok: false; readonly words: string; readonly touched: boolean };

/** Everything that can be found out, and given back, before a VM that runs is stopped. */
async function getReady(lead: Lead, touched: boolean, before: readonly Seat[], label: string): Promise<Ready> {
  const gathered = await gather(lead, label);
  if (!gathered.ok) return { ok: false, words: gathered.words, touched: await wasTouched(lead, label) };
  const { members } = gathered.value;
  const not = (words: string): Ready => ({ ok: false, words, touched: gathered.value.touched });
  const instants = await chooseInstants(lead, members, gathered.value.touched, label);
  if (!instants.ok) return not(instants.words);
  // Those that are well are not kept from their work for a host that does not answer; one that was stopped has nothing else to wait for.
  const mayWait = touched || gathered.value.touched;
  const { options } = lead;
  const looking: Lead = mayWait
    ? lead
    : { ...lead, options: { ...options, reviveWithinMs: Math.min(options.reviveWithinMs, lookWithinMs) } };
  const places = await findPlaces(looking, members, mayWait, label);
  if (!places.ok) return not(places.words);
  const [first] = instants.value;
  if (first === undefined) return not("There is no instant that is saved of each of them.");
  const seats = await takeSeats(looking, places.value, first, mayWait, before, label);
  return seats.ok ? { ok: true, seats: seats.value, instants: instants.value } : not(seats.words);
}

/** A repair of the group stopped VMs of it, in this life of the repair or in one that a host's failure ended. */
const wasTouched = ({ env, repair, steps }: Lead, label: string): Promise<boolean> =>
  steps.run(`touched${label}`, async () => {
    const { vm, incident } = await vmWork(env, repair);
    if (howGroupWent(incident) === "stopped") return true;
    for (const { id } of await companionsOf(env, vm))
      if (howGroupWent(await env.store.openIncidentOf(id)) === "stopped") return true;
    return false;
  });

type Back =
  | { readonly kind: "back"; readonly instant: Instant; readonly answers: readonly Answer[] }
  /** None of the instants could be restored. */
  | { readonly kind: "none"; readonly words: string }
  /** A repair of the group was ended from outside: a host of it failed. */
  | { readonly kind: "broken"; readonly words: string };

/** To the instants one after the other, newest first: never two of them at a time. */
async function goBack(lead: Lead, seats: readonly Seat[], instants: readonly Instant[], round: string): Promise<Back> {
  let words = "";
  for (const [index, instant] of instants.entries()) {
    const label = `${index === 0 ? "" : ` (${index + 1})`}${round}`;
    if (index > 0) {
      const freed = await freeAll(lead, seats, label);
      if (!freed.ok) return { kind: "broken", words: freed.words };
    }
    const ready = await prepareAll(lead, seats, instant, label);
    if (!ready.ok) return { kind: "broken", words: ready.words };
    if (ready.value.kind === "no") {
      words = ready.value.words;
      continue;
    }
    const held = await holdAll(lead, seats, instant, label);
    if (!held.ok) return { kind: "broken", words: held.words };
    if (held.value.kind === "no") {
      words = held.value.words;
      continue;
    }
    const gone = await letGoAll(lead, seats, instant, label);
    if (!gone.ok) return { kind: "broken", words: gone.words };
    if (gone.value.kind === "no") {
      words = gone.value.words;
      continue;
    }
    const answers = await verifyAll(lead, seats, label);
    if (!answers.ok) return { kind: "broken", words: answers.words };
    if (answers.value.kind === "yes") return { kind: "back", instant, answers: answers.value.value };
    words = answers.value.words;
  }
  return { kind: "none", words };
}

interface Ended {
  readonly state: RepairState;
  readonly incident: IncidentState;
  readonly words: string;
  readonly tr: EpochMs | null;
  /** What is written of its group, where its incident stays. */
  readonly group?: typeof stepNames.back | typeof stepNames.givenUp;
}

/** Each one's own repair, this one last: whoever goes on after a death of Belay finds it open. */
async function endEach(lead: Lead, members: readonly Member[], how: (member: Member) => Promise<Ended>): Promise<void> {
  const { env, repair } = lead;
  for (const member of [...members].sort((a, b) => Number(a.repair === repair) - Number(b.repair === repair))) {
    const now = env.clock.now();
    const work = await vmWork(env, member.repair);
    lead.help.places.settled(work.vm.id);
    await env.store.beginRepair(member.repair, now);
    if (work.repair.steps.some((it) => it.name === stepNames.turn && it.state === "started"))
      await env.store.stepEnded(member.repair, stepNames.turn, ofTheGroup, now);
    const { group, ...end } = await how(member);
    if (group !== undefined && work.repair.finishedAt === null) {
      await env.store.stepStarted(member.repair, group, now);
      await env.store.stepEnded(member.repair, group, { state: "done", words: end.words, detail: null }, now);
    }
    await env.store.endRepair(member.repair, end, now);
  }
}
const ofTheGroup = { state: "done", words: "The repair of its group is over.", detail: null } as const;

/** All of one instant, and all run. */
async function finish(
  lead: Lead,
  { at, newest }: Instant,
  seats: readonly Seat[],
  answers: readonly Answer[],
): Promise<Led> {
  const { env, steps } = lead;
  await steps.run("end", () =>
    endEach(lead, seats, async ({ vm, repair }) => {
      const { incident } = await vmWork(env, repair);
      const answer = answers.find((it) => it.vm === vm);
      const older = newest ? "" : "A newer instant could not be restored of each of its group. ";
      const back = `${older}It and its whole group run ${asOfFailure(at, incident.tp)}`;
      if (answer === undefined || answer.answeredAt === null) {
        const words = `${back}. ${answer?.words ?? ""}`;
        return { state: "handed-over", incident: "handed-over", words, tr: null, group: stepNames.back };
      }
      const words = `${back}, and it answers again.`;
      return { state: "succeeded", incident: "repaired", words, tr: answer.answeredAt };
    }),
  );
  return { kind: "ended" };
}

/** Nothing of the group runs any more, and a person has to look: never some of them of one instant, and some of another. */
async function giveUp(lead: Lead, seats: readonly Seat[], why: string): Promise<Led> {
  const { env, repair, steps } = lead;
  const stopped = seats.length > 0 ? seats : await seatsAtStop(lead);
  const back = stopped.length === 0 ? { words: "Look which of them run." } : await putBack(lead, stopped, "");
  await steps.run("hand over", async () => {
    const { vm } = await vmWork(env, repair);
    const beside = [...(await repairsBeside(env, vm))].map(([id, it]): Member => ({ vm: id, repair: it.id }));
    const words = `Its group was stopped, to go back together, and could not: ${why} ${back.words}`;
    const all = [...beside, { vm: vm.id, repair }];
    // One that was given to a host in a round that came to nothing.
    for (const it of all) if ((await vmWork(env, it.repair)).vm.persistent) await defineOnItsHost(env, it.repair);
    await endEach(lead, all, async () => ({
      ...{ state: "handed-over", incident: "handed-over", tr: null, words, group: stepNames.givenUp },
    }));
  });
  return { kind: "ended" };
}

/** Nothing was touched: those that were well are left as they are, and those that failed come back each by itself. */
async function leaveAlone(lead: Lead, why: string): Promise<Led> {
  const { env, repair, steps } = lead;
  const words = `Its group does not go back together: ${why}`;
  await steps.run("leave the group", async () => {
    const { store, clock } = env;
    const { vm, incident } = await vmWork(env, repair);
    const left: Member[] = [];
    for (const [id, it] of await repairsBeside(env, vm))
      if ((await store.openIncidentOf(id))?.cause === "group-failed") left.push({ vm: id, repair: it.id });
    await store.stepStarted(repair, stepNames.alone, clock.now());
    await store.stepEnded(repair, stepNames.alone, { state: "done", words, detail: null }, clock.now());
    const mine = incident.cause === "group-failed" ? [{ vm: vm.id, repair }] : [];
    await endEach(lead, [...left, ...mine], async () => ({
      ...{ state: "not-needed", incident: "cleared", tr: null, words: `${words} It was left as it is.` },
    }));
  });
  const wasWell = await steps.run(
    "was well",
    async () => (await vmWork(env, repair)).incident.cause === "group-failed",
  );
  return wasWell ? { kind: "ended" } : { kind: "alone", words };
}
