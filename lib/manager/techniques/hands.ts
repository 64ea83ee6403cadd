import type { ServerSpec, VmSpec } from "../description/index.ts";
import type { Act, CreateTechniques } from "../servers.ts";
import { mayBeGivenBack } from "./data.ts";
import { oneFailure, sorted } from "./failed-vms.ts";
import { record } from "./record.ts";
import { replayServer } from "./replay.ts";

/** What the customer's manager repairs alone (paper, sections III-A-1 and III-A-2). Each may be cut off anywhere and begun again. */
export const createTechniques: CreateTechniques = (context) => {
  const { hands, vms } = context;

  /** Stateful servers are brought up to date before they get work again. */
  async function restartServer(server: ServerSpec, act: Act): Promise<void> {
    await hands.stop(server, act);
    await hands.configure(server, act);
    await hands.start(server, act);
    await hands.synchronise(server, act);
  }

  /** The paper's four steps: free it, allocate another, deploy and start its servers, restore their state. */
  async function rebuildMany(specs: readonly VmSpec[], act: Act): Promise<void> {
    const { may, refused } = await mayBeGivenBack(context, specs, act);
    // Side by side: the provider keeps apart what is to be apart, and each waits for its own VM alone. All of them to their end: a VM that
    // was given back gets its successor and its servers, also where another one failed, and nothing goes on behind what is said here.
    const made = await Promise.allSettled(
      may.map(async (vm) => {
        act.progress(null, `${vm.name} is given back to the provider.`);
        await vms.free(vm, act);
        act.progress(null, `Another ${vm.name} is asked for.`);
        await vms.allocate(vm, act);
      }),
    );
    act.signal.throwIfAborted();
    const { well, failed } = sorted(may, made);
    if (well.length > 0) await vms.finish(well, act);
    const bad = [...refused, ...failed];
    if (bad.length > 0) throw oneFailure(bad);
  }

  return {
    restartServer,
    replayServer: (server, act) => replayServer(context, server, act),
    rebuildVm: (vm, act) => rebuildMany([vm], act),
    rebuildMany,
    record: (signal) => record(context, signal),
  };
};
