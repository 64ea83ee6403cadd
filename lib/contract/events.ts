import { z } from "zod";
import { checkpointStatusView } from "./checkpoint-views.ts";
import {
  allocationView,
  conversationMessageView,
  imageView,
  managerView,
  sensorReportView,
} from "./collaboration/views.ts";
import { epochMs, fenceDeviceId, hookId, hostId, imageId, incidentId, organizationId, vmId } from "./ids.ts";
import {
  applicationView,
  fenceDeviceView,
  hookView,
  hostView,
  incidentView,
  maintenanceView,
  organizationView,
  policyView,
  toleranceView,
  vmView,
} from "./views.ts";

/**
 * What an event says. Each carries the whole thing as it is after the change, so applying one twice, or only the last of
 * several, gives the same state.
 */
export const change = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("organization.changed"), organization: organizationView }),
  z.object({ kind: z.literal("host.changed"), host: hostView }),
  z.object({ kind: z.literal("host.removed"), hostId }),
  z.object({ kind: z.literal("application.changed"), application: applicationView }),
  z.object({ kind: z.literal("vm.changed"), vm: vmView }),
  /** Gone for `organizationId`: forgotten, or given to somebody else (a `vm.changed` for the new owner follows). */
  z.object({ kind: z.literal("vm.removed"), vmId, organizationId: organizationId.nullable() }),
  z.object({ kind: z.literal("incident.changed"), incident: incidentView }),
  /** Whole statuses: the newest of a VM counts. `organizationId` is the VM's owner. With a VM that is gone its status is too. */
  z.object({
    kind: z.literal("checkpoint-status.changed"),
    organizationId: organizationId.nullable(),
    status: checkpointStatusView,
  }),
  z.object({ kind: z.literal("fence-device.changed"), fenceDevice: fenceDeviceView }),
  z.object({ kind: z.literal("fence-device.removed"), fenceDeviceId }),
  z.object({ kind: z.literal("hook.changed"), hook: hookView }),
  z.object({ kind: z.literal("hook.removed"), hookId }),
  z.object({ kind: z.literal("maintenance.changed"), maintenance: maintenanceView }),
  z.object({ kind: z.literal("policy.changed"), policy: policyView }),
  z.object({ kind: z.literal("tolerance.changed"), tolerance: z.array(toleranceView).readonly() }),
  z.object({ kind: z.literal("checkpoint-store.changed"), fullSince: epochMs.nullable() }),
  /** A message that was put into the thread of an incident (null: the organization's own), or that somebody now has. */
  z.object({
    kind: z.literal("conversation.changed"),
    organizationId,
    incidentId: incidentId.nullable(),
    message: conversationMessageView,
  }),
  z.object({ kind: z.literal("sensors.changed"), report: sensorReportView }),
  z.object({ kind: z.literal("manager.changed"), manager: managerView }),
  z.object({ kind: z.literal("allocation.changed"), allocation: allocationView }),
  z.object({ kind: z.literal("image.changed"), image: imageView }),
  z.object({ kind: z.literal("image.removed"), imageId }),
  /** To customers, for something of the provider's that may matter to their VMs: what, is in the cloud that they fetch anew. Never stored. */
  z.object({ kind: z.literal("cloud.stale") }),
]);
export type Change = z.infer<typeof change>;

/** A numbered event: `seq` grows by one with every committed change of the whole cloud, without gaps. */
export const cloudEvent = z.object({
  seq: z.number(),
  at: epochMs,
  /** The change in a sentence, for the log on the page. */
  words: z.string(),
  change,
});
export type CloudEvent = z.infer<typeof cloudEvent>;
