import { type CloudView, cloudFor } from "../contract/index.ts";
import type { Viewer } from "../model/index.ts";
import { allocationService } from "./allocations.ts";
import { checkpointAdviceService } from "./checkpoint-advice.ts";
import { checkpointService } from "./checkpoints.ts";
import { conversationService } from "./conversation.ts";
import type { ServiceDeps } from "./deps.ts";
import { endpointService } from "./endpoints.ts";
import { fenceDeviceService } from "./fence-devices.ts";
import { helperService } from "./helpers.ts";
import { hookService } from "./hooks.ts";
import { hostService } from "./hosts.ts";
import { imageService } from "./images.ts";
import { incidentService } from "./incidents.ts";
import { keyService } from "./keys.ts";
import { maintenanceService } from "./maintenance.ts";
import { organizationService } from "./organizations.ts";
import { policyService } from "./policy.ts";
import { withScopes } from "./scopes.ts";
import { sensorService } from "./sensors.ts";
import { standingService } from "./standing.ts";
import { trafficService } from "./traffic.ts";
import { wholeCloud } from "./views.ts";
import { vmService } from "./vms.ts";

/** Ended incidents in one picture of the cloud. */
const endedIncidents = 50;

/**
 * What people and programs ask for. Every method takes the viewer first, and refuses with a BelayError; what it returns is already
 * without what the viewer may not see. A method that writes returns after the commit. What a key may call is in scopes.ts.
 */
const fullService = (deps: ServiceDeps) => ({
  async cloud(viewer: Viewer): Promise<CloudView> {
    const snapshot = await deps.store.snapshot(endedIncidents);
    return cloudFor(viewer, wholeCloud(viewer, deps.simulated, snapshot));
  },
  ...hostService(deps),
  ...fenceDeviceService(deps),
  ...maintenanceService(deps),
  ...policyService(deps),
  ...hookService(deps),
  ...helperService(deps),
  ...organizationService(deps),
  ...vmService(deps),
  ...checkpointService(deps),
  ...incidentService(deps),
  ...checkpointAdviceService(deps),
  ...trafficService(deps),
  ...keyService(deps),
  ...imageService(deps),
  ...allocationService(deps),
  ...endpointService(deps),
  ...conversationService(deps),
  ...sensorService(deps),
  ...standingService(deps),
});
export type Service = ReturnType<typeof fullService>;

export const createService = (deps: ServiceDeps): Service => withScopes(fullService(deps));
