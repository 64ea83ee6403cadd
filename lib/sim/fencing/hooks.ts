import type { HookRunner } from "../../engine/ports.ts";
import { befall } from "../world/befall.ts";
import type { World } from "../world/world.ts";

const plain = { exitCode: 0, output: "SIMULATED: nothing was done.", ms: 100, starts: undefined };

/** The provider's programs: each does what the action `hook-will` said of it, and nothing where none did. */
export const simulatedHooks = (world: World): HookRunner => ({
  async run(hook, _facts) {
    const plan = world.hooks.plans.get(hook.program) ?? plain;
    world.hooks.runs.push({ program: hook.program });
    world.tell(`The provider's program ${hook.program} runs.`);
    const inTime = plan.ms <= hook.timeoutMs;
    await world.clock.sleep(Math.min(plan.ms, hook.timeoutMs));
    if (!inTime) return { exitCode: null, output: plan.output, timedOut: true };
    if (plan.starts !== undefined) befall(world, { do: "person-starts", vm: plan.starts });
    return { exitCode: plan.exitCode, output: plan.output, timedOut: false };
  },
});
