import { z } from "zod";
import type { Vm } from "../../model/index.ts";
import type { People } from "./people.ts";

const vm = z.string();
const key = z.string().min(1);
/** Counted from the newest that is in the list, which is 0. */
const back = z.int().min(0).default(0);

/** What people ask of Belay about saved states. */
export const saveActions = [
  /** The interval of all VMs of the application of that VM. */
  z.strictObject({ do: z.literal("application-saves"), vm, everyMs: z.int().min(0).nullable() }),
  z.strictObject({ do: z.literal("save-now"), vm, key }),
  z.strictObject({ do: z.literal("call-restore"), vm, key, back }),
  z.strictObject({ do: z.literal("restore-beside"), vm, key, back, name: z.string().min(1) }),
  z.strictObject({ do: z.literal("keep-checkpoint"), vm, back, kept: z.boolean().default(true) }),
] as const;
type SaveAction = z.infer<(typeof saveActions)[number]>;
const names = new Set<string>(saveActions.map((it) => it.shape.do.value));
export const isSaveAction = (it: { readonly do: string }): it is SaveAction => names.has(it.do);

/** The sentence for it, or undefined where there is nothing to ask. */
export async function askToSave({ store, by, now }: People, vm: Vm, action: SaveAction): Promise<string | undefined> {
  const { service } = store;
  if (action.do === "application-saves") {
    if (vm.applicationId === null) return undefined;
    await service.changeApplication(vm.applicationId, { checkpointEveryMs: action.everyMs }, by, now());
    return `The application of ${vm.name} is to be saved every ${action.everyMs} ms.`;
  }
  if (action.do === "save-now") {
    await service.recordWish({ vmId: vm.id, wish: { kind: "capture" }, key: action.key }, by, now());
    return `${by.name} asks that ${vm.name} is saved now.`;
  }
  const listed = await service.checkpoints({ vmId: vm.id, limit: action.back + 1 });
  const checkpoint = listed[action.back];
  if (!checkpoint) return undefined;
  switch (action.do) {
    case "keep-checkpoint":
      if (checkpoint.kept === action.kept) return undefined;
      await service.keepCheckpoint(checkpoint.id, action.kept, by, now());
      return `${by.name} ${action.kept ? "keeps" : "lets go of"} a checkpoint of ${vm.name}.`;
    case "call-restore": {
      const wish = { kind: "restore", checkpoint: checkpoint.id } as const;
      await service.recordWish({ vmId: vm.id, wish, key: action.key }, by, now());
      return `${by.name} calls for a saved state of ${vm.name}.`;
    }
    case "restore-beside": {
      const wish = { kind: "restore-beside", checkpoint: checkpoint.id, name: action.name } as const;
      await service.recordWish({ vmId: vm.id, wish, key: action.key }, by, now());
      return `${by.name} asks for a saved state of ${vm.name} beside it.`;
    }
  }
}
