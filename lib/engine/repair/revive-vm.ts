import type { RepairId, Vm } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { Steps } from "../ports.ts";
import { bringUp, type First, lookAgain, lookFirst } from "./bring-up.ts";
import { step } from "./step.ts";
import { verify } from "./verify.ts";
import { notOurs, vmWork } from "./work.ts";

/** Also a VM that is being moved is left alone: what is not here may run where it goes to. */
async function notHere(env: Env, repair: RepairId, vm: Vm): Promise<string | undefined> {
  const ended = await notOurs(env, repair, vm);
  if (ended !== undefined || (await vmWork(env, repair)).vm.movingTo === null) return ended;
  return "It was being moved, and it is not clear yet on which host it is.";
}

/**
 * `revive-vm`: the VM back on its own host, same features, same disk. A look, then rounds of bring up and verify; ends repaired, not
 * needed, or handed over with the reason.
 */
export const reviveVm =
  (env: Env, options: EngineOptions) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    const { store, clock } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));

    const handOver = (words: string) =>
      steps.run("hand over", () =>
        store.endRepair(repair, { state: "handed-over", incident: "handed-over", words, tr: null }, clock.now()),
      );

    const leaveOff = async (words: string) => {
      await steps.run("wish", async () => {
        const { vm } = await vmWork(env, repair);
        await store.recordWanted(vm.id, "stopped", `${words} That is taken as wanted.`, clock.now());
      });
      return steps.run("end", () =>
        store.endRepair(repair, { state: "not-needed", incident: "cleared", words, tr: null }, clock.now()),
      );
    };

    const first = await step(env, steps, repair, "look", async () => {
      const { vm, incident } = await vmWork(env, repair);
      return lookFirst(env, options, vm, incident.cause);
    });
    if (!first.ok) return handOver(first.words);
    let acted = first.value.needed;
    let last = "";
    for (let round = 1; round <= options.rounds; round++) {
      const suffix = round === 1 ? "" : ` (round ${round})`;
      const bring = (name: string, seen: First) =>
        step(env, steps, repair, `${name}${suffix}`, async () => {
          const { vm, definition, repair: work } = await vmWork(env, repair);
          const begunBefore = work.steps.some((it) => it.name === `${name}${suffix}` && it.attempts > 1);
          return bringUp(env, options, vm, definition, seen, () => notHere(env, repair, vm), begunBefore);
        });
      let up = await bring("bring up", first.value);
      for (let turn = 1; up.ok && up.value.offFirst && turn <= options.rounds; turn++) {
        const again = await step(env, steps, repair, `look again${suffix}${turn === 1 ? "" : `, ${turn}`}`, async () =>
          lookAgain(env, options, (await vmWork(env, repair)).vm),
        );
        if (!again.ok) return handOver(again.words);
        up = await bring(turn === 1 ? "bring up again" : `bring up again, ${turn}`, again.value);
      }
      if (!up.ok) return handOver(up.words);
      if (up.value.offFirst)
        return handOver("It stopped running each time it was about to be switched off and started.");
      if (up.value.byHand) return leaveOff(up.words);

      const answer = await step(env, steps, repair, `verify${suffix}`, async () =>
        verify(env, options, (await vmWork(env, repair)).vm),
      );
      if (!answer.ok) return handOver(answer.words);
      if ("answeredAt" in answer.value) {
        const tr = answer.value.answeredAt;
        const end = acted
          ? ({ state: "succeeded", incident: "repaired", words: "It runs and answers again." } as const)
          : ({
              state: "not-needed",
              incident: "cleared",
              words: "It was well again before Belay touched it.",
            } as const);
        return steps.run("end", () => store.endRepair(repair, { ...end, tr }, clock.now()));
      }
      last = answer.value.died;
      acted = true; // the next round starts it
    }
    return handOver(`It was brought up ${options.rounds} times, and each time it ${last} before it answered.`);
  };
