import { damageNewest } from "../checkpoints/befall-saved.ts";
import type { WorldAction } from "./actions.ts";
import { befallByHand } from "./befall-by-hand.ts";
import { befallCloud } from "./befall-cloud.ts";
import { befallHost } from "./befall-host.ts";
import { befallVm } from "./befall-vm.ts";
import type { World } from "./world.ts";

/** Does it, and says in a sentence what happened; undefined where it cannot happen now (a dead guest does not panic). */
export function befall(world: World, action: WorldAction): string | undefined {
  const words =
    action.do === "person-moves" || action.do === "person-copies"
      ? befallByHand(world, action)
      : action.do === "checkpoint-damaged"
        ? damageNewest(world, action)
        : "vm" in action
          ? befallVm(world, action)
          : "host" in action
            ? befallHost(world, action)
            : befallCloud(world, action);
  if (words !== undefined) world.tell(words);
  return words;
}
