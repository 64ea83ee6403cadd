import { HypervisorRefused } from "../../ports.ts";
import { isDoubted, proofFor } from "../fence.ts";
import { mustNotGoBack, restoreHere } from "../restore/bring-back.ts";
import { restoreThere } from "../restore/from-checkpoint.ts";
import { retry, type Try } from "../retry.ts";
import { step } from "../step.ts";
import { notOurs, vmWork } from "../work.ts";
import { seenAtOnce } from "./fresh.ts";
import type { Instant, Lead, Seat } from "./parts.ts";
import { checkpointOf, type End, ended, no, ofAll, yes } from "./went.ts";

/** It fails seldom: who was held a moment ago is there. Others wait for it, and have begun to run. */
const letGoWithinMs = 10_000;

const notThere = "A checkpoint of the group is not there.";
const mayRun = "The old host of one of the group may run.";
const notHeld = (why: string) => `One of the group could not be held, so none of it ran. ${why}`;

/** Each is loaded where it goes on, and its CPUs stand still: none may speak to another one that is not back yet. */
export const holdAll = (
  lead: Lead,
  seats: readonly Seat[],
  instant: Instant,
  label: string,
): Promise<End<readonly null[]>> =>
  step(lead.env, lead.steps, lead.repair, `hold${label}`, async () => {
    const ends = await Promise.all(seats.map((seat) => holdOne(lead, seat, instant)));
    return ofAll(ends, "Each of the group is held: loaded, and none of it runs.");
  });

async function holdOne({ env, options, help }: Lead, seat: Seat, instant: Instant): Promise<End<null>> {
  const id = checkpointOf(instant, seat);
  if (id === undefined) return no(notThere);
  const candidate = { id, at: instant.at, newest: instant.newest };
  const { claim } = seat.on;
  const end =
    claim === null
      ? await restoreHere(env, options, seat.repair, candidate, seat.own, false, true)
      : await restoreThere(env, options, help.places, seat.repair, claim, false, candidate, seat.own, true);
  if (!end.ok) return end;
  const { value } = end;
  if (value.kind === "up") return yes(null, end.words);
  if (value.kind === "runs") return no("Somebody started a VM of the group before it was taken back.");
  return no(notHeld(value.kind === "damaged" ? "Its checkpoint is damaged." : value.words), end.detail);
}

/**
 * All go on, as soon as it is known that none is missing: Belay may have been away since they were held, for as long as it likes. Between the look
 * and the last one that goes on pass milliseconds; a host that fails in them is found by whoever asks the guests.
 */
export const letGoAll = (
  lead: Lead,
  seats: readonly Seat[],
  instant: Instant,
  label: string,
): Promise<End<readonly null[]>> =>
  step(lead.env, lead.steps, lead.repair, `let go together${label}`, async () => {
    const ready = await seenAtOnce(
      lead.env,
      async () => ofAll(await Promise.all(seats.map((seat) => isReady(lead, seat, instant))), ""),
      (seen) => !seen.ok || seen.value.kind === "no",
    );
    if (!ready.ok) return ready;
    if (ready.value.kind === "no") return no(ready.value.words, ready.detail);
    const going = ready.value.value;
    return ofAll(await Promise.all(going.map((it) => letGoOne(lead, it))), "All of the group were let go together.");
  });

interface Held {
  readonly seat: Seat;
  readonly restored: Parameters<Lead["env"]["checkpoints"]["letGo"]>[1];
  readonly proof: Parameters<Lead["env"]["checkpoints"]["letGo"]>[2];
}

async function isReady({ env, options }: Lead, seat: Seat, instant: Instant): Promise<End<Held>> {
  const end = await retry<End<Held>>(env, options.reviveWithinMs, async (): Promise<Try<End<Held>>> => {
    const { vm } = await vmWork(env, seat.repair);
    const { host, claim } = seat.on;
    const taken = await notOurs(env, seat.repair, { hostId: host });
    if (taken !== undefined) return { came: ended(taken) };
    if (vm.rollbackIntolerant) return { came: no(mustNotGoBack) };
    const checkpoint = checkpointOf(instant, seat);
    if (checkpoint === undefined) return { came: no(notThere) };
    const restored = { checkpoint, vm, generation: claim?.generation ?? vm.generation };
    const state = await env.checkpoints.heldState(host, restored);
    if (state === "loading") return { trouble: "One of the group is not loaded yet." };
    if (state === "gone") return { came: no("One of the group is not held any more, so none of it was let go.") };
    const proof = claim === null ? null : await proofFor(env, vm, claim.from, claim.generation);
    if (proof !== null && isDoubted(env, proof)) return { came: no(`${mayRun} None of it was let go.`) };
    return { came: yes({ seat, restored, proof }, "") };
  });
  return "came" in end ? end.came : no(end.trouble.words, end.trouble.detail);
}

async function letGoOne({ env }: Lead, { seat, restored, proof }: Held): Promise<End<null>> {
  let again = false;
  const end = await retry<End<null>>(env, letGoWithinMs, async () => {
    const taken = again ? await notOurs(env, seat.repair, { hostId: seat.on.host }) : undefined;
    if (taken !== undefined) return { came: ended(taken) };
    if (proof !== null && isDoubted(env, proof)) return { came: no(mayRun) };
    again = true; // the first time it was asked a moment ago
    try {
      return { came: yes(null, (await env.checkpoints.letGo(seat.on.host, restored, proof)).words) };
    } catch (error) {
      if (!(error instanceof HypervisorRefused)) throw error;
      return { came: no("One of the group ended before it was let go.", error.message) };
    }
  });
  return "came" in end ? end.came : no(end.trouble.words, end.trouble.detail);
}
