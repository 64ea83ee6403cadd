import type { EventAction, WorldAction } from "./actions.ts";
import { befallHost } from "./befall-host.ts";
import { befallVm } from "./befall-vm.ts";
import type { World } from "./world.ts";

/** Does it, and says in a sentence what happened; undefined where it cannot happen now (a dead guest does not panic). */
export function befall(world: World, action: WorldAction): string | undefined {
  const words =
    "vm" in action
      ? befallVm(world, action)
      : "host" in action
        ? befallHost(world, action)
        : befallEvents(world, action);
  if (words !== undefined) world.tell(words);
  return words;
}

function befallEvents(world: World, action: EventAction): string {
  switch (action.do) {
    case "lose-events":
      world.events.lose += action.count;
      return `The next ${action.count === 1 ? "event" : `${action.count} events`} will be lost.`;
    case "duplicate-events":
      world.events.duplicate += action.count;
      return `The next ${action.count === 1 ? "event" : `${action.count} events`} will come twice.`;
    case "delay-events":
      world.events.delay = { count: action.count, ms: action.ms };
      return `The next ${action.count === 1 ? "event" : `${action.count} events`} will come ${action.ms} ms late.`;
  }
}
