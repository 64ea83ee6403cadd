import type { EpochMs, VmId } from "../../../model/index.ts";
import { whileRead } from "../../checkpoints/in-hand.ts";
import { within } from "../../guard/within.ts";
import { CheckpointDamaged } from "../../ports.ts";
import { tellDamaged } from "../restore/candidates.ts";
import { restoreWithinMs } from "../restore/patience.ts";
import { verifyRestored } from "../restore/verify-restored.ts";
import { retry } from "../retry.ts";
import { step } from "../step.ts";
import { notOurs, vmWork } from "../work.ts";
import type { Instant, Lead, Seat } from "./parts.ts";
import { checkpointOf, type End, ended, no, ofAll, yes } from "./went.ts";

const prepareWithinMs = restoreWithinMs;

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
