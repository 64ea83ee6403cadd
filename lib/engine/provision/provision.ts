import type { AllocationId, HostId } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import { freeVm } from "./free.ts";
import { beingMade } from "./in-hand.ts";
import { type Making, makeVm } from "./make.ts";

const atOnce = 4;
const stopWithinMs = 3_000;

/** VMs that customers ask for, and give back: carried out a few at a time, oldest first, and gone on with by the next life. */
export interface Provision {
  /** What a dead engine left: before anything is looked at. */
  read(): Promise<void>;
  /** Begins what is open and not in hand. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** `changed`: the host carries another VM now, or one less. */
export function createProvision(env: Env, changed: (host: HostId | null) => void): Provision {
  const inHand = new Map<AllocationId, Promise<void>>();
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;
  const making: Making = {
    refused: new Map(),
    inTurn(work) {
      const mine = last.then(work, work);
      last = mine.catch(() => undefined);
      return mine;
    },
  };

  async function carryOut(id: AllocationId): Promise<void> {
    const allocation = await env.store.allocation(id);
    if (allocation === undefined || allocation.endedAt !== null) return;
    if (allocation.state === "freeing") {
      if (await freeVm(env, allocation)) changed(allocation.hostId);
      return;
    }
    beingMade(env).add(allocation.uuid);
    const vm = await makeVm(env, making, allocation);
    const after = vm === undefined ? await env.store.allocation(id) : undefined;
    if (vm !== undefined || after?.endedAt != null) beingMade(env).delete(allocation.uuid);
    if (vm === undefined) return;
    making.refused.delete(id);
    changed(vm.hostId);
  }

  return {
    async read() {
      for (const { uuid, state } of await env.store.openAllocations()) if (state === "making") beingMade(env).add(uuid);
    },
    async look() {
      for (const { id } of await env.store.openAllocations()) {
        if (stopped || inHand.size >= atOnce || inHand.has(id)) continue;
        const work = carryOut(id)
          .catch((error: unknown) =>
            env.log.error(`allocation ${id} failed, and is tried again`, { error: String(error) }),
          )
          .finally(() => inHand.delete(id));
        inHand.set(id, work);
      }
    },
    async stop() {
      stopped = true;
      await within(env.clock, stopWithinMs, Promise.all(inHand.values()), undefined); // the next life goes on with it
    },
  };
}
