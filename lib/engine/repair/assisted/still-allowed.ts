import { consentRefusal, modeRefusal, techniqueRefusal } from "../../../decide/index.ts";
import type { TechniqueName } from "../../../model/index.ts";
import { isOffNow, offByHandWords } from "../off-by-hand.ts";
import { vmWork } from "../work.ts";
import type { End } from "./end.ts";
import type { Run } from "./run.ts";

/**
 * Minutes may have passed while its owner was waited for, and a changed choice holds at once: how the repair ends where what was agreed, or the
 * fallback, must not be done any more. undefined: it may be done. A durable step, right before.
 */
export async function noMoreAllowed(
  { env, repair, steps }: Run,
  technique: TechniqueName,
  name: string,
): Promise<End | undefined> {
  const end = await steps.run<End | null>(name, async () => {
    const { vm } = await vmWork(env, repair);
    if (vm.wanted === "stopped")
      return { kind: "cleared", words: "Its owner wants it stopped by now, so it is left as it is." };
    if (await isOffNow(env, repair)) return { kind: "left-off", words: offByHandWords };
    // To be made anew is asked of an owner apart from the technique, which may end otherwise.
    const anew = technique === "assisted-rebuild" ? consentRefusal(vm.consent, "recreate") : undefined;
    const words = modeRefusal(await env.store.modeOf(vm.id)) ?? anew ?? techniqueRefusal(technique, vm);
    return words === undefined ? null : { kind: "handed-over", words };
  });
  return end ?? undefined;
}
