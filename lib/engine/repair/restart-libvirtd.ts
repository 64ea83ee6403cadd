import type { RepairId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import { within } from "../guard/within.ts";
import type { Steps } from "../ports.ts";
import type { Witness } from "./fence.ts";
import { retry } from "./retry.ts";
import { type StepEnd, step } from "./step.ts";

const pollMs = 250;
const tries = 3;
const restartMs = 20_000;

/** `restart-libvirtd`: over SSH, and only that. Guests do not notice. */
export const restartLibvirtd =
  (env: Env, options: EngineOptions, witness: Witness) => async (repair: RepairId, steps: Steps) => {
    const { store, clock, hypervisor } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));
    const handOver = (words: string) =>
      steps.run("hand over", () =>
        store.endRepair(repair, { state: "handed-over", incident: "handed-over", words, tr: null }, clock.now()),
      );
    let last = "";
    for (let turn = 1; turn <= tries; turn++) {
      const suffix = turn === 1 ? "" : ` (${turn})`;
      const done = await step<{ wellAlready: boolean }>(env, steps, repair, `restart${suffix}`, async () => {
        const { incident } = await store.repairWork(repair);
        if (witness.isWell(incident.hostId))
          return { ok: true, words: "It answers again by itself.", value: { wellAlready: turn === 1 } };
        const end = await retry<StepEnd<{ wellAlready: boolean }>>(env, options.libvirtdWithinMs / tries, async () => {
          const answer = await within(clock, restartMs, hypervisor.restartLibvirtd(incident.hostId), undefined);
          if (answer === undefined) return { trouble: "SSH did not finish in time." };
          return { came: { ok: true, words: answer.words, value: { wellAlready: false } } };
        });
        return "came" in end
          ? end.came
          : { ok: false, words: `libvirtd could not be started: ${end.trouble.words}`, detail: end.trouble.detail };
      });
      if (!done.ok) return handOver(done.words);
      const answer = await step<{ at: number | null }>(env, steps, repair, `verify${suffix}`, async () => {
        const { incident } = await store.repairWork(repair);
        const deadline = clock.monotonicMs() + options.libvirtdWithinMs;
        while (!witness.isWell(incident.hostId)) {
          if (clock.monotonicMs() >= deadline)
            return { ok: true, words: "libvirtd does not answer.", value: { at: null } };
          await clock.sleep(pollMs);
        }
        return { ok: true, words: "libvirtd answers again.", value: { at: clock.now() } };
      });
      if (!answer.ok) return handOver(answer.words);
      const { at } = answer.value;
      if (at !== null)
        return steps.run("end", () =>
          store.endRepair(
            repair,
            done.value.wellAlready
              ? { state: "not-needed", incident: "cleared", words: "It answered again by itself.", tr: null }
              : {
                  state: "succeeded",
                  incident: "repaired",
                  words: "libvirtd answers again. No guest was touched.",
                  tr: at,
                },
            clock.now(),
          ),
        );
      last = "It was started again and did not answer.";
    }
    return handOver(`${last} Look at it on the host; its guests run on.`);
  };
