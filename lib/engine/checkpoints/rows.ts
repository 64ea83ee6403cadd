import { inOrder } from "../../decide/index.ts";
import type { Checkpoint, VmId } from "../../model/index.ts";
import type { Env } from "../env.ts";

/** The VM's checkpoints as the database shows them, newest first, whatever was done to clocks. */
export const checkpointsOf = async ({ store, clock }: Pick<Env, "store" | "clock">, vm: VmId): Promise<Checkpoint[]> =>
  inOrder(await store.checkpointsOf(vm), clock.now());
