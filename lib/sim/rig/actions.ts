import { z } from "zod";
import { consentLadder, type Viewer, wantedStates } from "../../model/index.ts";
import type { MemoryStore } from "../store/memory-store.ts";
import { worldAction } from "../world/actions.ts";
import type { Belay } from "./belay.ts";

const vm = z.string();

/** What befalls Belay itself, and what people ask of it. */
export const belayAction = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("belay-starts") }),
  z.strictObject({ do: z.literal("belay-dies") }),
  /** It dies at its `call`th call of a port from now, of that name where one is given. */
  z.strictObject({
    do: z.literal("belay-dies-at"),
    call: z.int().min(1),
    name: z.string().optional(),
    when: z.enum(["before", "after"]),
  }),
  /** The button of the page: an intent for the run that the person sees. */
  z.strictObject({ do: z.literal("kill-button"), vm, key: z.string().min(1) }),
  z.strictObject({ do: z.literal("consent"), vm, to: z.enum(consentLadder) }),
  z.strictObject({ do: z.literal("wanted"), vm, to: z.enum(wantedStates) }),
]);
export type BelayAction = z.infer<typeof belayAction>;

/** One line of a script. */
export const action = z.union([worldAction, belayAction]);
export type Action = z.infer<typeof action>;

const belayActions: ReadonlySet<string> = new Set(belayAction.options.map((option) => option.shape.do.value));
export const isBelayAction = (it: Action): it is BelayAction => belayActions.has(it.do);

/** Does it; the sentence for it, or undefined where it cannot be done now. */
export async function act(
  action: BelayAction,
  belay: Belay,
  store: MemoryStore,
  by: Viewer,
  now: number,
): Promise<string | undefined> {
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
    case "belay-dies-at":
      if (!alive) return undefined;
      belay.killAt(action);
      return `Belay will be killed ${action.when} ${action.name ?? "call"} number ${action.call} from now.`;
  }
  const vm = [...store.tables.vms.values()].find((row) => row.vm.name === action.vm)?.vm;
  if (!vm) return undefined;
  switch (action.do) {
    case "kill-button": {
      const known = await store.service.intentByKey(action.key);
      const runId = known?.runId ?? vm.runId;
      if (runId === null || (known && known.vmId !== vm.id)) return undefined; // a key belongs to one request
      await store.service.recordIntent({ kind: "kill-vm", vmId: vm.id, runId, key: action.key }, by, now);
      return `${by.name} presses Kill VM for ${vm.name}.`;
    }
    case "consent":
      await store.service.changeVm(vm.id, { consent: action.to }, by, now);
      return `The owner of ${vm.name} allows: ${action.to}.`;
    case "wanted":
      await store.service.changeVm(vm.id, { wanted: action.to }, by, now);
      return `The owner of ${vm.name} wants it ${action.to}.`;
  }
}
