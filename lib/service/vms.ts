import type { z } from "zod";
import { type changeVmBody, type IntentView, type killVmBody, type VmView, vmFor } from "../contract/index.ts";
import {
  type ApplicationId,
  BelayError,
  can,
  type IntentId,
  type OrganizationId,
  type Viewer,
  type Vm,
  type VmId,
} from "../model/index.ts";
import { found, must } from "./allowed.ts";
import { askerOf } from "./asker.ts";
import { refuseInterval } from "./checkpoint-interval.ts";
import type { ServiceDeps } from "./deps.ts";
import { withoutUndefined } from "./without-undefined.ts";

type VmChange = z.infer<typeof changeVmBody>;
type Ownership = { organizationId?: OrganizationId | null; applicationId?: ApplicationId | null };

export function vmService({ store, clock }: ServiceDeps) {
  const vmOf = async (viewer: Viewer, id: VmId): Promise<Vm> =>
    found("VM", await store.vm(id), (vm) => can.seeVm(viewer, vm));

  /** Whose the VM is after the change: an application brings its owner, and a new owner takes the VM out of the old one's application. */
  async function ownership(vm: Vm, change: VmChange): Promise<Ownership> {
    const { applicationId, organizationId } = change;
    if (applicationId === undefined && organizationId === undefined) return {};
    if (organizationId != null) {
      const organizations = await store.organizations();
      found(
        "organization",
        organizations.find((it) => it.id === organizationId),
        () => true,
        "organizationId",
      );
    }
    const stays = organizationId === undefined || organizationId === vm.organizationId;
    const chosen = applicationId === undefined && stays ? vm.applicationId : (applicationId ?? null);
    if (chosen === null)
      return { applicationId: null, organizationId: organizationId === undefined ? vm.organizationId : organizationId };
    const application = found(
      "application",
      (await store.applications()).find((it) => it.id === chosen),
      () => true,
      "applicationId",
    );
    if (organizationId !== undefined && organizationId !== application.organizationId)
      throw new BelayError("bad-input", `${application.name} belongs to another organization.`, {
        field: "applicationId",
        cure: "Leave organizationId out: the application says whose the VM is.",
      });
    return { applicationId: application.id, organizationId: application.organizationId };
  }

  return {
    async vms(viewer: Viewer): Promise<VmView[]> {
      return (await store.vms()).filter((vm) => can.seeVm(viewer, vm) === true).map((vm) => vmFor(viewer, vm));
    },

    vm: async (viewer: Viewer, id: VmId): Promise<VmView> => vmFor(viewer, await vmOf(viewer, id)),

    async changeVm(viewer: Viewer, id: VmId, change: VmChange): Promise<VmView> {
      const vm = await vmOf(viewer, id);
      must(can.changeVm(viewer, vm));
      if (change.applicationId !== undefined) must(can.assignVm(viewer), { field: "applicationId" });
      if (change.organizationId !== undefined) must(can.assignVm(viewer), { field: "organizationId" });
      if (change.answerCheck !== undefined && change.answerCheck.kind !== "agent")
        must(can.aimProbe(viewer), { field: "answerCheck", cure: "Choose the guest agent, or ask the provider." });
      if (change.priority !== undefined) must(can.prioritiseVm(viewer), { field: "priority" });
      if (change.imageId !== undefined) must(can.assignVm(viewer), { field: "imageId" });
      if (change.imageId != null) {
        const images = await store.images();
        found(
          "image",
          images.find((it) => it.id === change.imageId),
          () => true,
          "imageId",
        );
      }
      refuseBothGroups({ ...vm, ...withoutUndefined(change) });
      if (change.checkpointEveryMs != null) refuseInterval(change.checkpointEveryMs, await store.policy());
      const { answerCheck, consent, wanted, priority, apart, together, rollbackIntolerant } = change;
      const { checkpointEveryMs, standby, checkpointGroup } = change;
      const to = {
        ...(await ownership(vm, change)),
        ...(answerCheck && { answerCheck }),
        ...(consent && { consent }),
        ...(wanted && { wanted }),
        ...withoutUndefined({ priority, apart, together, rollbackIntolerant }),
        ...withoutUndefined({ checkpointEveryMs, standby, checkpointGroup }),
      };
      if (change.imageId !== undefined) await store.setImageOf(vm.id, change.imageId, viewer, clock.now());
      return vmFor(viewer, await store.changeVm(vm.id, to, viewer, clock.now()));
    },

    /**
     * Writes down that the VM is to be killed, in the run that the person saw; the engine does it. When this returns, the intent
     * is in the database. `key` is the asker's own: the same one again is the same intent, also when the VM is dead by now.
     */
    async killVm(viewer: Viewer, id: VmId, body: z.infer<typeof killVmBody> & { key: string }): Promise<IntentId> {
      const vm = await vmOf(viewer, id);
      const key = `${askerOf(viewer)}:${body.key}`;
      const earlier = viewer.role === "provider" ? await store.intentByKey(key) : undefined;
      if (earlier !== undefined) {
        if (earlier.vmId === vm.id && earlier.runId === body.runId) return earlier.id;
        throw new BelayError("conflict", "This key was used for another request.", {
          field: "Idempotency-Key",
          cure: "Take a new key for each new request.",
        });
      }
      const host = found("host", await store.host(vm.hostId), () => true);
      must(can.killVm(viewer, vm, host));
      if (vm.runId !== body.runId)
        throw new BelayError("conflict", `${vm.name} was started anew or moved since you looked.`, {
          field: "runId",
          cure: "Look at the VM again, then decide.",
        });
      return store.recordIntent({ kind: "kill-vm", vmId: vm.id, runId: body.runId, key }, viewer, clock.now());
    },

    /** How an intent went. Faults are the provider's to inject, so only they see those; a wish is seen by whoever sees its VM. */
    async intent(viewer: Viewer, id: IntentId): Promise<IntentView> {
      const known = await store.intentOutcome(id).catch(undefinedIfMissing);
      const vm = known && (await store.vm(known.vmId));
      const isTheirs = known?.kind === "checkpoint" && vm !== undefined && can.seeVm(viewer, vm) === true;
      const { ended, ok, words } = found("intent", known, () => viewer.role === "provider" || isTheirs || "not theirs");
      return { intentId: id, ended, ok, words };
    },
  };
}

function undefinedIfMissing(error: unknown): undefined {
  if (!(error instanceof BelayError && error.code === "not-found")) throw error;
}

function refuseBothGroups({ apart, together }: Pick<Vm, "apart" | "together">): void {
  if (apart === null || apart !== together) return;
  throw new BelayError("bad-input", `A group cannot be kept on different hosts and on one host.`, {
    field: "together",
    cure: "Choose another name for one of the two groups.",
  });
}
