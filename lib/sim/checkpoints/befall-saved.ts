import type { DamageAction, PlannedAction, RefusalAction, WorldAction } from "../world/actions.ts";
import type { SimHost } from "../world/types.ts";
import type { World } from "../world/world.ts";

/** The agent is killed while it saves guests: a dead one at rest is nothing, for it is started again when it is needed. */
export function agentDies(world: World, host: SimHost): string | undefined {
  const running = [...world.saved.captures.values()].filter((it) => it.host === host.name);
  if (running.length === 0) return undefined;
  for (const capture of running) capture.agentDies();
  return `The agent on ${host.name} dies in the middle of saving.`;
}

/** Of those that nobody knows as damaged. What shares their pages later is as damaged as they are. */
export function damageNewest(world: World, { vm, newest }: DamageAction): string | undefined {
  const uuid = world.guests().find((it) => it.name === vm)?.uuid;
  const whole = [...world.saved.states.values()].filter((it) => it.uuid === uuid && !it.damaged);
  const hit = whole.sort((a, b) => b.takenAt - a.takenAt).slice(0, newest);
  if (hit.length === 0) return undefined;
  for (const state of hit) state.damaged = true;
  return `Bytes of ${hit.length === 1 ? "the newest checkpoint" : `the ${hit.length} newest checkpoints`} of ${vm} are not what they were.`;
}

/** Something that is hard to hit by the clock alone. */
export function planForCapture(
  world: World,
  { host, afterMs, what }: PlannedAction,
  befalls: (action: WorldAction) => void,
): string | undefined {
  if (!world.host(host)) return undefined;
  const savedThere = () => [...world.saved.captures.values()].find((it) => it.host === host)?.uuid;
  world.saved.plans.push({
    ...{ host, afterMs },
    happens() {
      if (what !== "kill-qemu") return befalls({ do: what, host });
      const vm = world.guest(savedThere() ?? "")?.name;
      if (vm !== undefined) befalls({ do: what, vm });
    },
  });
  return `${afterMs} ms after the next capture on ${host} began something will happen: ${what}.`;
}

export function refuseRestores(world: World, { host, count }: RefusalAction): string | undefined {
  if (!world.host(host) || (world.saved.refusals.get(host) ?? 0) === count) return undefined;
  world.saved.refusals.set(host, count);
  return count === 0
    ? `QEMU on ${host} can load saved states again.`
    : `QEMU on ${host} will not be able to load the next ${count === 1 ? "saved state" : `${count} saved states`}.`;
}
