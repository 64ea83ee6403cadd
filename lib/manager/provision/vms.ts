import { setTimeout as sleep } from "node:timers/promises";
import type { AllocationView } from "../../contract/index.ts";
import { type Api, allocate, allocation, freeVm, isPassing } from "../api/index.ts";
import type { VmSpec } from "../description/index.ts";
import { type Act, ManagerError } from "../servers.ts";
import type { VmRecords } from "./records.ts";

type State = AllocationView["state"];
const isUnderWay = (state: State) => state === "asked" || state === "making";
const isLeaving = (state: State) => state === "freeing" || state === "freed" || state === "failed";
const isUnknown = (error: unknown) => error instanceof ManagerError && error.code === "not-found";

const nextLife = (life: number) => ({
  ...{ life: life + 1, allocationId: null, vmId: null, address: null },
  ...{ generation: 0, restarts: 0, restart: null },
});

/** Allocate and free (paper, section III-A-1), so that each may be cut off anywhere and asked again. */

export interface Provision {
  /** Resolves when the provider says that it runs; at once where it did already. One that was taken back meanwhile is asked for anew. */
  allocate(vm: VmSpec, act: Act): Promise<{ readonly address: string }>;
  free(vm: string, act: Act): Promise<void>;
  /** False: it is gone with its disk, or was never made. Where the provider does not answer, it is there. */
  isThere(vm: string, act: Act): Promise<boolean>;
}

export interface ProvisionOptions {
  readonly api: Api;
  readonly records: VmRecords;
  readonly instance: string;
  /** The provider's id of our application, and of an image by our name for it. */
  readonly applicationId: () => Promise<string>;
  readonly imageIdOf: (image: string) => Promise<string>;
  /** A line of authorized_keys. */
  readonly publicKey: string;
  readonly pollMs?: number;
  readonly deadlineMs?: number;
}

export function createProvision(options: ProvisionOptions): Provision {
  const { api, records, pollMs = 500, deadlineMs = 10 * 60_000 } = options;

  /** Passing failures of the provider's are waited out. null: the provider does not know it. */
  async function settled(vm: string, id: string, until: (state: State) => boolean, act: Act, to: "make" | "free") {
    const deadline = performance.now() + deadlineMs;
    let awaited = to;
    for (;;) {
      act.signal.throwIfAborted();
      const view = await seen(id, act);
      if (view === null) return null;
      if (view !== undefined) {
        if (until(view.state)) return view;
        if (view.state === "freeing") awaited = "free";
        act.progress(null, `${vm}: ${view.words}`);
      }
      if (performance.now() > deadline)
        throw new ManagerError({
          code: awaited === "free" ? "freeing-late" : "allocation-late",
          message: `The provider has not ${awaited === "free" ? "freed" : "made"} ${vm} within ${Math.round(deadlineMs / 60_000)} minutes.`,
          cure: "Run the command again: it goes on waiting.",
        });
      await sleep(pollMs, undefined, { signal: act.signal });
    }
  }

  /** undefined: the provider does not answer now. null: it does not know it. */
  const seen = (id: string, act: Act): Promise<AllocationView | null | undefined> =>
    allocation(api, id, act.signal).catch((error: unknown) => {
      if (isUnknown(error)) return null;
      if (isPassing(error)) return undefined;
      throw error;
    });

  /** null: what was asked for before is gone. */
  async function running(vm: VmSpec, act: Act): Promise<{ readonly address: string } | null> {
    const { life, allocationId } = records.get(vm.name);
    if (allocationId === null) {
      // The same key until it is given back: cut off here, the next run gets the VM that was asked for, and no second one.
      const asked = await allocate(
        api,
        {
          applicationId: await options.applicationId(),
          imageId: await options.imageIdOf(vm.image),
          name: vm.name,
          memoryMiB: vm.memoryMiB,
          vcpus: vm.vcpus,
          apart: vm.apart ?? null,
          sshKeys: [options.publicKey],
        },
        `${options.instance}/${vm.name}/${life}`,
        act.signal,
      );
      await records.put(vm.name, { allocationId: asked.id, address: asked.address });
    }
    const id = records.get(vm.name).allocationId ?? "";
    const view = await settled(vm.name, id, (state) => !isUnderWay(state) && state !== "freeing", act, "make");
    if (view?.state !== "running") {
      await records.put(vm.name, nextLife(life));
      if (allocationId !== null) return null;
      throw new ManagerError({
        code: "allocation-failed",
        message: `The provider could not make ${vm.name}: ${view?.words ?? "it has forgotten it."}`,
        cure: "Change what the words say in the description, or ask the provider; then run the command again.",
      });
    }
    await records.put(vm.name, { vmId: view.vmId, address: view.address });
    return { address: view.address };
  }

  return {
    async allocate(vm, act) {
      const before = await running(vm, act);
      if (before !== null) return before;
      act.progress(null, `${vm.name}: the provider has it no longer, another one is asked for.`);
      const now = await running(vm, act);
      if (now !== null) return now;
      throw new ManagerError({
        code: "allocation-failed",
        message: `The provider took ${vm.name} back while it was made.`,
        cure: "Run the command again.",
      });
    },

    async isThere(vm, act) {
      const { allocationId } = records.get(vm);
      if (allocationId === null) return false;
      const view = await seen(allocationId, act);
      return view === undefined || (view !== null && !isLeaving(view.state));
    },

    async free(vm, act) {
      const { allocationId, life } = records.get(vm);
      if (allocationId !== null) {
        const view = await settled(vm, allocationId, (state) => !isUnderWay(state), act, "make");
        if (view !== null && view.vmId !== null && view.state !== "freed") {
          await freeVm(api, view.vmId, act.signal).catch((error: unknown) => {
            if (!isUnknown(error)) throw error;
          });
          await settled(vm, allocationId, (state) => state === "freed" || state === "failed", act, "free");
        }
        await records.put(vm, nextLife(life));
      }
    },
  };
}
