import { damageNewest, planForCapture, refuseRestores } from "../checkpoints/befall-saved.ts";
import type { WorldAction } from "./actions.ts";
import { befallByHand } from "./befall-by-hand.ts";
import { befallCloud } from "./befall-cloud.ts";
import { befallHost } from "./befall-host.ts";
import { befallVm } from "./befall-vm.ts";
import type { World } from "./world.ts";

/** Does it, and says in a sentence what happened; undefined where it cannot happen now (a dead guest does not panic). */
export function befall(world: World, action: WorldAction): string | undefined {
  const words = wordsOf(world, action);
  if (words !== undefined) world.tell(words);
  return words;
}

function wordsOf(world: World, action: WorldAction): string | undefined {
  switch (action.do) {
    case "person-moves":
    case "person-copies":
      return befallByHand(world, action);
    case "checkpoint-damaged":
      return damageNewest(world, action);
    case "in-next-capture":
      return planForCapture(world, action, (then) => void befall(world, then));
    case "restores-fail":
      return refuseRestores(world, action);
    default:
      if ("vm" in action) return befallVm(world, action);
      return "host" in action ? befallHost(world, action) : befallCloud(world, action);
  }
}
