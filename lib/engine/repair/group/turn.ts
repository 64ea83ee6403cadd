import { repairStates } from "../../../model/index.ts";
import { vmWork } from "../work.ts";
import { hasStep, keyOf, type Lead, leaders, repairsBeside, stepNames } from "./parts.ts";

const pollMs = 250;

/**
 * `lead`: this repair takes the group back. `over`: another one did, and has ended this one too. `alone`: the group does not go back, and
 * another VM of it is brought back by itself already.
 */
export type Turn = "lead" | "over" | "alone";

/**
 * Each VM of the group has a repair; one of them leads, and the others wait for it. Whoever leads has written so in their repair: after a death of
 * Belay it is the same one, until its repair is ended (its own host failed). Each step of the leader ends, so this does too.
 */
export const takeTurn = ({ env, repair, steps }: Lead): Promise<Turn> =>
  steps.run("turn", async (): Promise<Turn> => {
    const { store, clock } = env;
    let told = false;
    for (;;) {
      const work = await vmWork(env, repair);
      if (repairStates[work.repair.state].ended) return "over";
      if (hasStep(work.repair, stepNames.turn, "done")) return "lead"; // as was written before the answer was lost
      if (!told) await store.stepStarted(repair, stepNames.turn, clock.now());
      told = true;
      const beside = [...(await repairsBeside(env, work.vm)).values()];
      const end = (state: "done" | "failed", words: string) =>
        store.stepEnded(repair, stepNames.turn, { state, words, detail: null }, clock.now());
      if (beside.some((it) => hasStep(it, stepNames.alone))) {
        await end("failed", "Its group does not go back."); // "done" is who leads
        return "alone";
      }
      const led = beside.some((it) => hasStep(it, stepNames.turn, "done"));
      const key = keyOf(work.vm);
      const holder = leaders(env).get(key);
      if (!led && (holder === undefined || holder === repair)) {
        leaders(env).set(key, repair); // before anything is waited for: of two that look at one moment one is first
        try {
          await end("done", "Its group goes back with it.");
        } catch (error) {
          leaders(env).delete(key);
          throw error;
        }
        return "lead";
      }
      await clock.sleep(pollMs);
    }
  });

/** While this repair leads no other one of this life does. After a death of Belay the turn was taken in the life before. */
export async function whileLeading<T>({ env, repair }: Lead, work: () => Promise<T>): Promise<T | undefined> {
  const key = keyOf((await vmWork(env, repair)).vm);
  for (;;) {
    const other = leaders(env).get(key);
    if (other === undefined || other === repair) break;
    if (repairStates[(await vmWork(env, repair)).repair.state].ended) return undefined;
    await env.clock.sleep(pollMs);
  }
  leaders(env).set(key, repair);
  try {
    return await work();
  } finally {
    if (leaders(env).get(key) === repair) leaders(env).delete(key);
  }
}
