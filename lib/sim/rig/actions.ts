import { z } from "zod";
import { managerAction } from "../manager/actions.ts";
import { worldAction } from "../world/actions.ts";
import type { World } from "../world/world.ts";
import type { Belay } from "./belay.ts";
import { personAction } from "./people.ts";

/** What befalls Belay itself. */
export const belayAction = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("belay-starts") }),
  z.strictObject({ do: z.literal("belay-dies") }),
  /** It dies so long after the next capture began. */
  z.strictObject({ do: z.literal("belay-dies-in-capture"), afterMs: z.int().min(0) }),
  /** It dies at its `call`th call of a port from now, of that name where one is given. */
  z.strictObject({
    do: z.literal("belay-dies-at"),
    call: z.int().min(1),
    name: z.string().optional(),
    when: z.enum(["before", "after"]),
  }),
]);
export type BelayAction = z.infer<typeof belayAction>;

/** One line of a script. */
export const action = z.union([worldAction, belayAction, personAction, managerAction]);
export type Action = z.infer<typeof action>;

const namesOf = (union: {
  readonly options: readonly { readonly shape: { readonly do: { readonly value: string } } }[];
}) => new Set<string>(union.options.map((option) => option.shape.do.value));
const belayActions = namesOf(belayAction);
const personActions = namesOf(personAction);
const managerActions = namesOf(managerAction);
export const isManagerAction = (it: Action): it is z.infer<typeof managerAction> => managerActions.has(it.do);
export const isBelayAction = (it: Action): it is BelayAction => belayActions.has(it.do);
export const isPersonAction = (it: Action): it is z.infer<typeof personAction> => personActions.has(it.do);

/** Does it; the sentence for it, or undefined where it cannot be done now. */
export function befallBelay(action: BelayAction, belay: Belay, world: World): string | undefined {
  const alive = belay.aliveSince() !== undefined;
  switch (action.do) {
    case "belay-starts":
      if (alive) return undefined;
      belay.start();
      return "Belay starts.";
    case "belay-dies":
      if (!alive) return undefined;
      belay.kill();
      return "Belay is killed.";
    case "belay-dies-in-capture": {
      const life = belay.changes();
      const happens = () => {
        if (belay.changes() !== life) return;
        belay.kill();
        world.tell("Belay is killed in the middle of a capture.");
      };
      world.saved.plans.push({ host: undefined, afterMs: action.afterMs, happens });
      return `Belay will be killed ${action.afterMs} ms after its next capture began.`;
    }
    case "belay-dies-at":
      if (!alive) return undefined;
      belay.killAt(action);
      return `Belay will be killed ${action.when} ${action.name ?? "call"} number ${action.call} from now.`;
  }
}
