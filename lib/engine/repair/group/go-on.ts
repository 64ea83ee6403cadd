import type { EpochMs, VmId } from "../../../model/index.ts";
import { whileRead } from "../../checkpoints/in-hand.ts";
import { within } from "../../guard/within.ts";
import { CheckpointDamaged } from "../../ports.ts";
import { type Restored, restoreHere } from "../restore/bring-back.ts";
import { tellDamaged } from "../restore/candidates.ts";
import { restoreThere } from "../restore/from-checkpoint.ts";
import { restoreWithinMs } from "../restore/patience.ts";
import { verifyRestored } from "../restore/verify-restored.ts";
import { retry } from "../retry.ts";
import { type StepEnd, step } from "../step.ts";
import { notOurs, vmWork } from "../work.ts";
import type { Instant, Lead, Seat } from "./parts.ts";

/** `no`: not to this instant, or not on these hosts, in words; an older one may do. */
export type Went<T> = { readonly kind: "yes"; readonly value: T } | { readonly kind: "no"; readonly words: string };
type End<T> = StepEnd<Went<T>>;

const yes = <T>(value: T, words: string): End<T> => ({ ok: true, words, value: { kind: "yes", value } });
const no = (words: string, detail?: string): End<never> => ({ ok: true, words, detail, value: { kind: "no", words } });
const ended = (words: string): StepEnd<never> => ({ ok: false, words });
const prepareWithinMs = restoreWithinMs;

/** What of all of them comes to: one that its host took away counts before one that could not go back. */
function ofAll<T>(ends: readonly End<T>[], words: string): End<readonly T[]> {
  const gone = ends.find((it) => !it.ok);
  if (gone !== undefined && !gone.ok) return gone;
  const values: T[] = [];
  for (const end of ends) {
    if (!end.ok) continue;
    if (end.value.kind === "no") return no(end.value.words, end.detail);
    values.push(end.value.value);
  }
  return yes(values, words);
}

const checkpointOf = ({ of }: Instant, { vm }: Seat) => of.find((it) => it.vm === vm)?.checkpoint;

/** Memory and disks of each lie ready where it goes on: after this each start takes a moment, and nothing has to be read for it. */
export const prepareAll = (
  { env, options, repair, steps }: Lead,
  seats: readonly Seat[],
  instant: Instant,
  label: string,
): Promise<End<readonly null[]>> =>
  step(env, steps, repair, `prepare${label}`, async () => {
    const ends = await Promise.all(
      seats.map(async (seat): Promise<End<null>> => {
        const checkpoint = checkpointOf(instant, seat);
        if (checkpoint === undefined) return no("A checkpoint of the group is not there.");
        const end = await retry<End<null>>(env, options.reviveWithinMs, async () => {
          const { vm } = await vmWork(env, seat.repair);
          const taken = await notOurs(env, seat.repair, { hostId: seat.on.host });
          if (taken !== undefined) return { came: ended(taken) };
          const generation = seat.on.claim?.generation ?? vm.generation;
          const request = { checkpoint, vm, definition: seat.own.xml, generation };
          const bring = () => env.checkpoints.refreshStandby(seat.on.host, request).then(() => true);
          try {
            const done = await within(env.clock, prepareWithinMs, whileRead(env, checkpoint, bring), false);
            return {
              came: done ? yes(null, "") : no("A checkpoint of the group was not brought to its host in time."),
            };
          } catch (error) {
            if (!(error instanceof CheckpointDamaged)) throw error;
            await tellDamaged(env, vm, checkpoint, error.message);
            return { came: no("A checkpoint of the group is damaged.") };
          }
        });
        return "came" in end ? end.came : no(end.trouble.words, end.trouble.detail);
      }),
    );
    return ofAll(ends, "The state of each lies ready on its host.");
  });

/** All at once. `sure`: each was started by this step; else an answer was lost, and somebody may have started one meanwhile. */
export const startAll = (
  lead: Lead,
  seats: readonly Seat[],
  instant: Instant,
  label: string,
): Promise<End<readonly { readonly sure: boolean }[]>> => {
  const { env, options, help, repair, steps } = lead;
  const name = `restore${label}`;
  return step(env, steps, repair, name, async () => {
    const { repair: own } = await vmWork(env, repair);
    const begunBefore = own.steps.some((it) => it.name === name && it.attempts > 1);
    const ends = await Promise.all(
      seats.map(async (seat): Promise<End<{ sure: boolean }>> => {
        const id = checkpointOf(instant, seat);
        if (id === undefined) return no("A checkpoint of the group is not there.");
        const candidate = { id, at: instant.at, newest: instant.newest };
        const { claim } = seat.on;
        if (claim === null)
          return ofRestored(await restoreHere(env, options, seat.repair, candidate, seat.own, begunBefore));
        const end = await restoreThere(env, options, help.places, seat.repair, claim, false, candidate, seat.own);
        if (!end.ok) return end;
        return end.value.kind === "up" ? yes({ sure: true }, end.words) : no(end.value.words, end.detail);
      }),
    );
    return ofAll(ends, "All of the group go on.");
  });
};

function ofRestored(end: StepEnd<Restored>): End<{ sure: boolean }> {
  if (!end.ok) return end;
  const { value } = end;
  if (value.kind === "up") return yes({ sure: value.sure }, end.words);
  if (value.kind === "runs") return no("Somebody started a VM of the group before it was taken back.");
  return no(value.kind === "damaged" ? "A checkpoint of the group is damaged." : value.words, end.detail);
}

export interface Answer {
  readonly vm: VmId;
  /** null: it runs, and did not answer; it was never known to. */
  readonly answeredAt: EpochMs | null;
  readonly words: string;
}

/** One that ended again, or is silent though it would answer if it were well, takes all of them back further. */
export const verifyAll = (
  { env, options, help, repair, steps }: Lead,
  seats: readonly Seat[],
  label: string,
): Promise<End<readonly Answer[]>> =>
  step(env, steps, repair, `verify${label}`, async () => {
    const ends = await Promise.all(
      seats.map(async (seat): Promise<End<Answer>> => {
        const { vm } = await vmWork(env, seat.repair);
        const taken = await notOurs(env, seat.repair, { hostId: seat.on.host });
        if (taken !== undefined) return ended(taken);
        const end = await verifyRestored(env, options, help.everAnswered, vm);
        if (!end.ok) return yes({ vm: seat.vm, answeredAt: null, words: end.words }, end.words);
        if ("answeredAt" in end.value)
          return yes({ vm: seat.vm, answeredAt: end.value.answeredAt, words: end.words }, end.words);
        return no("died" in end.value ? "A VM of the group ended again." : "A VM of the group answered nobody.");
      }),
    );
    const silent = ends.flatMap((it) =>
      it.ok && it.value.kind === "yes" && it.value.value.answeredAt === null ? [1] : [],
    );
    const words = silent.length === 0 ? "Each of the group answers." : "All of the group run, and one did not answer.";
    return ofAll(ends, words);
  });
