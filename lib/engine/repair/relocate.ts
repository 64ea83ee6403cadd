import type { RepairId } from "../../model/index.ts";
import type { EngineOptions, Env } from "../env.ts";
import type { Steps } from "../ports.ts";
import { type Bringing, bringElsewhere } from "./elsewhere.ts";
import type { Places } from "./places.ts";
import type { OwnDisk } from "./restore/own-disk.ts";
import { type Claim, type Start, startThere } from "./start-there.ts";
import { type StepEnd, step } from "./step.ts";
import { verify } from "./verify.ts";

/** One durable step: the VM from its own disk, on the host that it was given to. `own`: as it was before the repair restored it. */
export const startFromDisk = (
  env: Env,
  options: EngineOptions,
  places: Places,
  repair: RepairId,
  steps: Steps,
  claim: Claim,
  released: boolean,
  suffix: string,
  own?: OwnDisk,
): Promise<StepEnd<Start>> =>
  step<Start>(env, steps, repair, `start${suffix}`, () =>
    startThere(env, options, places, repair, claim, released, async ({ vm, definition }, proof) => {
      // A restore that came up has left a definition that names the disk of its checkpoint.
      if (own !== undefined) await env.store.recordDefinition(vm.id, own.xml, own.diskPaths);
      return env.hypervisor.startElsewhere(claim.to, vm, own?.xml ?? definition, claim.generation, proof);
    }),
  );

/** `relocate`: the VM on another host, from its own disk. */
export const relocateVm =
  (env: Env, options: EngineOptions, places: Places) =>
  async (repair: RepairId, steps: Steps): Promise<void> => {
    await steps.run("begin", () => env.store.beginRepair(repair, env.clock.now()));
    const fromDisk: Bringing = {
      up: (claim, released, suffix) => startFromDisk(env, options, places, repair, steps, claim, released, suffix),
      another: () => false,
      verify: (vm) => verify(env, options, vm),
      words: () => "It runs on another host and answers again.",
      diskComesAlong: false,
    };
    return bringElsewhere(env, options, places, repair, steps, fromDisk);
  };
