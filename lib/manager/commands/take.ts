import { checkpoints, takeCheckpoint } from "../api/index.ts";
import type { ManagerIo, Result } from "./io.ts";
import { type Caller, carriedOut, instantWords, vmCalled } from "./on-call.ts";

/** A first one holds everything, and others may stand before it in the provider's queue. */
const withinMs = 10 * 60_000;

/** Has the state of this VM saved now. */
export async function takeNow(work: Caller, io: ManagerIo, name: string, lookEveryMs = 500): Promise<Result> {
  const { api } = work;
  const { signal } = io;
  const vm = await vmCalled(work, name);
  const words = await io.board.phase(`save ${name}`, async (say) => {
    say("the provider saves it");
    const late = {
      code: "save-late",
      message: `The provider has not saved ${name} within ${withinMs / 60_000} minutes.`,
      cure: `It may still come: belay-manager saves FILE ${name} says so.`,
    };
    return await carriedOut(
      api,
      (key) => takeCheckpoint(api, vm.id, key, signal),
      { signal, withinMs, lookEveryMs, late },
      `Look at what hinders it: belay-manager saves FILE ${name}`,
    );
  });
  const saved = (await checkpoints(api, vm.id, signal)).checkpoints.find(({ kept }) => kept);
  return {
    data: { vm: name, vmId: vm.id, words, saved: saved?.id ?? null, at: saved?.at ?? null },
    lines: [`${name}: ${words}`, ...(saved === undefined ? [] : [`${saved.id}, of ${instantWords(saved.at)}`])],
    next: `belay-manager go-back FILE ${name} ${saved?.id ?? "newest"} takes it back to this state.`,
  };
}
