import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import type { AllocationView, allocateBody } from "../contract/index.ts";
import {
  type Allocation,
  type AllocationId,
  type AllocationSpec,
  BelayError,
  can,
  toldAllocation,
  type Viewer,
  type VmId,
} from "../model/index.ts";
import { found, must } from "./allowed.ts";
import { askerOf } from "./asker.ts";
import type { ServiceDeps } from "./deps.ts";

const specOf = (of: AllocationSpec): AllocationSpec => ({
  ...{ name: of.name, applicationId: of.applicationId, imageId: of.imageId },
  ...{ memoryMiB: of.memoryMiB, vcpus: of.vcpus, apart: of.apart, sshKeys: of.sshKeys },
});

/** VMs that Belay makes for a customer and takes away again. The engine does it; what becomes of it is read from the allocation. */
export function allocationService({ store, clock, ids }: ServiceDeps) {
  const ownOf = (viewer: Viewer): Promise<readonly Allocation[]> =>
    store.allocations(viewer.role === "provider" ? null : viewer.organizationId);

  async function refuseImpossible({ imageId }: AllocationSpec): Promise<void> {
    found(
      "image",
      (await store.images()).find((it) => it.id === imageId),
      () => true,
      "imageId",
    );
    if ((await store.policy()).network === null)
      throw new BelayError("conflict", "This provider makes no VMs: there is no network to give them addresses from.", {
        field: "applicationId",
        cure: "Ask the provider to set the network of VMs in the cloud's policy.",
      });
  }

  return {
    /** Newest first, the ended ones too. */
    async allocations(viewer: Viewer): Promise<AllocationView[]> {
      return (await ownOf(viewer)).toSorted((a, b) => b.askedAt - a.askedAt).map(toldAllocation);
    },

    async allocation(viewer: Viewer, id: AllocationId): Promise<AllocationView> {
      const own = (await ownOf(viewer)).find((it) => it.id === id);
      return toldAllocation(found("allocation", own, () => true));
    },

    /** Written down when it returns, with the address that the VM will have. */
    async allocate(
      viewer: Viewer,
      { key, ...body }: z.infer<typeof allocateBody> & { readonly key: string },
    ): Promise<AllocationView> {
      const application = found(
        "application",
        (await store.applications()).find((it) => it.id === body.applicationId),
        (it) => can.seeApplication(viewer, it),
        "applicationId",
      );
      must(can.allocateFor(viewer, application));
      await refuseImpossible(body);
      const at = clock.now();
      const wanted = {
        ...specOf(body),
        ...{ id: ids.next("alc"), organizationId: application.organizationId },
        ...{ uuid: crypto.randomUUID(), askedAt: at },
      };
      const kept = await store.askAllocation(wanted, `${askerOf(viewer)}:${key}`, viewer, at);
      if (!isDeepStrictEqual(specOf(kept), specOf(body)))
        throw new BelayError("conflict", "This key was used for another request.", {
          field: "Idempotency-Key",
          cure: "Take a new key for each new request.",
        });
      return toldAllocation(kept);
    },

    /** Switches it off and takes it away, with its disk. Only VMs that Belay made. Twice is once. */
    async freeVm(viewer: Viewer, id: VmId): Promise<AllocationView> {
      const vm = found("VM", await store.vm(id), (it) => can.seeVm(viewer, it));
      must(can.changeVm(viewer, vm));
      return toldAllocation(await store.askFree(vm.id, viewer, clock.now()));
    },
  };
}
