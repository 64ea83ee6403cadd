import { z } from "zod";
import { checkpointLimitsView, checkpointStatusView, checkpointView } from "./checkpoint-views.ts";
import { trafficSample } from "./frames.ts";
import { hostId, intentId, vmId } from "./ids.ts";
import {
  applicationView,
  fenceDeviceView,
  hookView,
  hostView,
  incidentView,
  maintenanceView,
  organizationView,
  vmView,
} from "./views.ts";

/** What the routes answer where it is not a view by itself. */

/** GET /api/v1/health, for anybody. */
export const healthView = z.object({
  ready: z.boolean(),
  simulated: z.boolean(),
  roles: z.array(z.enum(["web", "engine", "store"])),
});
export type HealthView = z.infer<typeof healthView>;

export const hostList = z.object({ hosts: z.array(hostView) });
export const organizationList = z.object({ organizations: z.array(organizationView) });
export const applicationList = z.object({ applications: z.array(applicationView) });
export const vmList = z.object({ vms: z.array(vmView) });
/** Newest first. */
export const incidentList = z.object({ incidents: z.array(incidentView) });

export const fenceDeviceList = z.object({ fenceDevices: z.array(fenceDeviceView) });
export const hookList = z.object({ hooks: z.array(hookView) });
/** Newest first. */
export const maintenanceList = z.object({ maintenances: z.array(maintenanceView) });

/** What a maintenance would do if it began now. Nothing is kept of it. */
export const drainPreview = z.object({
  moves: z.array(z.object({ vmId, name: z.string(), toHostId: hostId, memoryMiB: z.number() })),
  /** VMs that would not move, and why. */
  stays: z.array(z.object({ vmId, name: z.string(), words: z.string() })),
});
export type DrainPreview = z.infer<typeof drainPreview>;

/** One line of the answer to POST /api/v1/hosts/:id/helper: each step as it is done, then how it ended. */
export const installLine = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("step"), phase: z.string(), words: z.string() }),
  z.object({ kind: z.literal("done") }),
  z.object({ kind: z.literal("failed"), message: z.string(), cure: z.string() }),
]);
export type InstallLine = z.infer<typeof installLine>;

/** 202 of POST /api/v1/vms/:id/kill: it is written down and will be done; ask GET /intents/:id how it went. */
export const intentAccepted = z.object({ intentId });
/** `ok` and `words` mean something once `ended`. */
export const intentView = z.object({ intentId, ended: z.boolean(), ok: z.boolean(), words: z.string() });
export type IntentView = z.infer<typeof intentView>;

/** Newest first. `caveats` say what keeps them from being of use by themselves. */
export const checkpointList = z.object({
  checkpoints: z.array(checkpointView),
  status: checkpointStatusView.nullable(),
  limits: checkpointLimitsView,
  caveats: z.array(z.string()),
});
export type CheckpointList = z.infer<typeof checkpointList>;

/** Oldest first, at most one per second. Seconds without traffic are missing. */
export const trafficList = z.object({ samples: z.array(trafficSample) });
/** How many samples were kept: those of unknown applications and of other times are not. */
export const trafficKept = z.object({ kept: z.int() });
