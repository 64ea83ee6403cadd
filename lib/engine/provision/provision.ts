import type { Allocation, AllocationId, HostId, Vm } from "../../model/index.ts";
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

/** `changed`: the host carries another VM now, or one less. `promised`: the VM where a repair is taking it. */
export function createProvision(env: Env, changed: (host: HostId | null) => void, promised: (vm: Vm) => Vm): Provision {
  const inHand = new Map<AllocationId, Promise<void>>();
  /** When each had its last turn, by count; missing: never. */
  const turns = new Map<AllocationId, number>();
  let turn = 0;
  let last: Promise<unknown> = Promise.resolve();
  let stopped = false;
  const making: Making = {
    refused: new Map(),
    since: new Map(),
    promised,
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
    if (vm !== undefined || after?.endedAt != null) {
      beingMade(env).delete(allocation.uuid);
      making.refused.delete(id);
      making.since.delete(id);
    }
    if (vm !== undefined) changed(vm.hostId);
  }

  return {
    async read() {
      for (const { uuid, state } of await env.store.openAllocations()) if (state === "making") beingMade(env).add(uuid);
    },
    async look() {
      const open = await env.store.openAllocations();
      for (const id of turns.keys()) if (!open.some((it) => it.id === id)) turns.delete(id);
      // Those that cannot be gone on with, for their host is silent, must not keep the others from their turn.
      const turnOf = (it: Allocation) => turns.get(it.id) ?? 0;
      for (const { id } of [...open].sort((a, b) => turnOf(a) - turnOf(b))) {
        if (stopped || inHand.size >= atOnce || inHand.has(id)) continue;
        turns.set(id, ++turn);
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
