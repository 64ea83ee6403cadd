import type { EpochMs } from "../../../model/index.ts";
import { sayChanged } from "../../conversation/say.ts";
import { takeAsWanted } from "../off-by-hand.ts";
import { vmWork } from "../work.ts";
import type { Run } from "./run.ts";

export type End =
  | { readonly kind: "repaired"; readonly words: string; readonly tr: EpochMs }
  | { readonly kind: "handed-over"; readonly words: string }
  | { readonly kind: "cleared"; readonly words: string }
  /** Somebody switched it off meanwhile. */
  | { readonly kind: "left-off"; readonly words: string };

/** The repair's end, for both: the first word of it is the last. */
export async function endTogether({ env, help, repair, steps }: Run, end: End): Promise<void> {
  const { store, clock } = env;
  if (end.kind === "left-off") await steps.run("wish", () => takeAsWanted(env, repair, end.words));
  await steps.run(end.kind === "handed-over" ? "hand over" : "end", async () => {
    help.places.settled((await vmWork(env, repair)).vm.id);
    const { words } = end;
    const how =
      end.kind === "repaired"
        ? ({ state: "succeeded", incident: "repaired", words, tr: end.tr } as const)
        : end.kind === "handed-over"
          ? ({ state: "handed-over", incident: "handed-over", words, tr: null } as const)
          : ({ state: "not-needed", incident: "cleared", words, tr: null } as const);
    await store.endRepair(repair, how, clock.now());
    await sayChanged(env, repair, end.kind === "left-off" ? "cleared" : end.kind, words, "end");
  });
}
