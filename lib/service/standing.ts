import type { z } from "zod";
import { endpointLeaseMs, type standingBody, type standingReply } from "../contract/index.ts";
import { BelayError, can, type Viewer } from "../model/index.ts";
import { must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";

/** Servers' clocks may differ by so much. The manager reckons from when it asked, which is before we heard of it. */
const clocksMs = 2000;

/** Of several managers behind endpoints one acts, too: there is no connection to say so by, so each asks, again and again. */
export function standingService({ store, clock }: ServiceDeps) {
  return {
    async standForCustomer(viewer: Viewer, who: z.infer<typeof standingBody>): Promise<z.infer<typeof standingReply>> {
      must(can.speakForCustomer(viewer));
      const { organizationId } = viewer;
      if ((await store.endpoint(organizationId)) === undefined)
        throw new BelayError("conflict", "No endpoint is set: Belay could tell this program nothing.", {
          field: "endpoint",
          cure: "Set one with PUT /api/v1/endpoint, or connect over the WebSocket /manager.",
        });
      const manager = { organizationId, ...who, byEndpoint: true };
      const { active, epoch } = await store.claimManager(manager, endpointLeaseMs + clocksMs, clock.now());
      return { standing: active ? "active" : "standby", epoch: active ? epoch : 0, leaseMs: endpointLeaseMs };
    },
  };
}
