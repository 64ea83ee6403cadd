import { BelayError, vmStates } from "../../../model/index.ts";
import { ceaseCapture } from "../../checkpoints/in-hand.ts";
import type { EngineOptions, Env } from "../../env.ts";
import { runsElsewhere } from "../gone-from-home.ts";
import { defineOnItsHost } from "../leave-defined.ts";
import { diskNote } from "../restore/disk-note.ts";
import { backToOwnDisk } from "../restore/own-disk.ts";
import { retry } from "../retry.ts";
import { notHere } from "../revive-rounds.ts";
import { freeThere } from "../start-there.ts";
import { type StepEnd, step } from "../step.ts";
import { vmWork } from "../work.ts";
import { hasStep, type Lead, type Seat, stepNames } from "./parts.ts";

const captureEndsWithinMs = 5_000;
const endedOutside = "A repair of the group was ended before it was done: its host failed.";
type Off = StepEnd<null>;
const off = (words: string): Off => ({ ok: true, words, value: null });

/** On its own host: as its hypervisor says, whoever started it. */
async function offHere(env: Env, options: EngineOptions, { repair }: Seat): Promise<Off> {
  await ceaseCapture(env, (await vmWork(env, repair)).vm.id, captureEndsWithinMs);
  const end = await retry<Off>(env, options.reviveWithinMs, async () => {
    const { vm, definition } = await vmWork(env, repair);
    const ended = await notHere(env, repair, vm);
    if (ended !== undefined) return { came: { ok: false, words: ended } };
    const sight = await env.hypervisor.readDomain(vm.hostId, vm.uuid);
    const elsewhere = sight === undefined ? await runsElsewhere(env, vm) : undefined;
    if (elsewhere !== undefined) return { came: { ok: false, words: elsewhere } };
    if (sight === undefined || !vmStates[sight.state].alive) return { came: off("It does not run.") };
    if (sight.state === "stopping") return { trouble: "The hypervisor is busy with it." };
    const taken = await notHere(env, repair, vm); // what was read above took its time
    if (taken !== undefined) return { came: { ok: false, words: taken } };
    const { words, done } = await env.hypervisor.act(vm.hostId, vm.uuid, "switch-off", definition ?? undefined);
    return { trouble: words, again: done }; // the next look tells whether it took
  });
  return "came" in end ? end.came : { ok: false, words: end.trouble.words, detail: end.trouble.detail };
}

/** Once for each repair: a note that is written anew is gone for a moment, and Belay may die in it. */
async function noteOwnDisk({ store, clock }: Env, { repair, own }: Seat): Promise<void> {
  const work = await store.repairWork(repair);
  if (hasStep(work.repair, stepNames.ownDisk, "done")) return;
  await store.stepStarted(repair, stepNames.ownDisk, clock.now());
  const words = "It is known what it is made of.";
  await store.stepEnded(repair, stepNames.ownDisk, { state: "done", words, detail: diskNote(own) }, clock.now());
}

/** The first of those that failed, else that all went well. */
const together = (ends: readonly Off[], words: string): Off => ends.find((it) => !it.ok) ?? off(words);

/**
 * Before the first goes back all are off: those on their own hosts by their hypervisors' word, those of a host that failed by its proof, which each
 * start asks for again. What it is made of is written in each one's repair, and then that it is stopped: whoever takes the group over knows that it
 * was touched, and finds the disk of a checkpoint where its own was.
 */
export const stopAll = ({ env, options, repair, steps }: Lead, seats: readonly Seat[], label: string): Promise<Off> =>
  step<null>(env, steps, repair, `stop${label}`, async () => {
    const { store, clock } = env;
    const ends = await Promise.all(
      seats.map(async (seat): Promise<Off> => {
        const name = stepNames.stopped;
        try {
          await store.beginRepair(seat.repair, clock.now());
          await noteOwnDisk(env, seat);
          await store.stepStarted(seat.repair, name, clock.now());
        } catch (error) {
          if (error instanceof BelayError && error.code === "conflict") return { ok: false, words: endedOutside };
          throw error;
        }
        const end = seat.on.claim === null ? await offHere(env, options, seat) : off("Its host is proven off.");
        const { words, detail = null } = end;
        await store.stepEnded(seat.repair, name, { state: end.ok ? "done" : "failed", words, detail }, clock.now());
        return end;
      }),
    );
    return together(ends, "None of the group runs.");
  });

/** Before another instant is tried: nothing runs of this one, nor is started any more. */
export const freeAll = ({ env, options, repair, steps }: Lead, seats: readonly Seat[], label: string): Promise<Off> =>
  step<null>(env, steps, repair, `free${label}`, async () => {
    const ends = await Promise.all(
      seats.map(async (seat): Promise<Off> => {
        if (seat.on.claim === null) return offHere(env, options, seat);
        const freed = await freeThere(env, options, seat.repair, seat.on.claim.to);
        return freed.ok ? off(freed.words) : freed;
      }),
    );
    return together(ends, "None of the group runs.");
  });

/**
 * The group is given up: none of it runs, and each is made of its own disk again, which is newer than what was restored. What could not be done is
 * a person's.
 */
export const putBack = ({ env, options, repair, steps }: Lead, seats: readonly Seat[], label: string): Promise<Off> =>
  step<null>(env, steps, repair, `put back${label}`, async () => {
    const ends = await Promise.all(
      seats.map(async (seat): Promise<Off> => {
        const { vm } = await vmWork(env, seat.repair);
        await env.checkpoints.dropStandby(seat.on.host, vm).catch(() => undefined);
        if (seat.on.claim === null) {
          const back = await backToOwnDisk(env, options, seat.repair, seat.own, true);
          return back.ok ? off(back.words) : back;
        }
        const freed = await freeThere(env, options, seat.repair, seat.on.claim.to);
        await env.store.recordDefinition(vm.id, seat.own.xml, seat.own.diskPaths);
        if (freed.ok) await defineOnItsHost(env, seat.repair, options.reviveWithinMs);
        return freed.ok ? off(freed.words) : freed;
      }),
    );
    const failed = together(ends, "None of the group runs, and each has its own disk again.");
    return failed.ok ? failed : { ...failed, words: `One of the group may run: ${failed.words}` };
  });
