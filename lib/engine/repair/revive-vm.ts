import type { RepairId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { Steps } from "../ports.ts";
import { lookFirst } from "./bring-up.ts";
import { endRounds, reviveRounds } from "./revive-rounds.ts";
import { step } from "./step.ts";
import { vmWork } from "./work.ts";

/**
 * `revive-vm`: the VM back on its own host, same features, same disk. A look, then rounds of bring up and verify; ends repaired, not
 * needed, or handed over with the reason.
 */
export const reviveVm =
  (env: Env, options: EngineOptions) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    const { store, clock } = env;
    await steps.run("begin", () => store.beginRepair(repair, clock.now()));
    const first = await step(env, steps, repair, "look", async () => {
      const { vm, incident } = await vmWork(env, repair);
      return lookFirst(env, options, vm, incident);
    });
    const rounds = first.ok
      ? await reviveRounds(env, options, repair, steps, first.value)
      : ({ kind: "handed-over", words: first.words } as const);
    return endRounds(env, steps, repair, rounds);
  };
