import type { z } from "zod";
import type { sensorsBody } from "../contract/index.ts";
import { BelayError, can, type Endpoint, type OrganizationId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";

/** An endpoint that takes no messages is tried again this seldom. */
const tryEveryMs = 10_000;

/**
 * Sensors of programs behind an endpoint. A report that is fresh shows the application as protected, so it is taken only while the customer's
 * part is really there: Belay's messages arrive at the endpoint. One that was never tried is tried now.
 */
export function sensorService({ store, clock, endpointCaller }: ServiceDeps) {
  const triedAt = new Map<OrganizationId, number>();

  async function reach(endpoint: Endpoint & { readonly secret: string }): Promise<void> {
    if (endpoint.ok && endpoint.triedAt !== null) return;
    const { organizationId } = endpoint;
    let { words } = endpoint;
    const now = clock.now();
    if (Math.abs(now - (triedAt.get(organizationId) ?? Number.NEGATIVE_INFINITY)) >= tryEveryMs) {
      triedAt.set(organizationId, now);
      const outcome = await endpointCaller.test(endpoint);
      await store.recordDelivery(organizationId, outcome, clock.now());
      if (outcome.ok) return;
      words = outcome.words;
    }
    throw new BelayError(
      "conflict",
      `Belay's messages do not arrive at the endpoint. ${words ?? "It is being tried."}`,
      {
        field: "endpoint",
        cure: "See that it answers 2xx to signed messages. It is tried again in a few seconds.",
      },
    );
  }

  async function refuseOthers({ organizationId }: Viewer, { applicationId, sensors }: z.infer<typeof sensorsBody>) {
    const own = (it: { readonly organizationId: OrganizationId | null }) =>
      it.organizationId === organizationId || "It is somebody else's.";
    const application = (await store.applications()).find((it) => it.id === applicationId);
    found("application", application, own, "applicationId");
    const vms = new Set(sensors.flatMap(({ vmId, fromVmId }) => [vmId, fromVmId]));
    for (const id of vms) if (id !== null) found("VM", await store.vm(id), own, "sensors");
  }

  return {
    async reportSensors(viewer: Viewer, report: z.infer<typeof sensorsBody>): Promise<void> {
      must(can.speakForCustomer(viewer));
      const { organizationId } = viewer;
      const [endpoint, managers] = await Promise.all([store.endpoint(organizationId), store.managers()]);
      if (managers.some((it) => it.organizationId === organizationId && it.connected && it.byEndpoint !== true))
        throw new BelayError(
          "conflict",
          "A manager is connected over the WebSocket: its sensors are the ones that count.",
        );
      if (endpoint === undefined)
        throw new BelayError("conflict", "No endpoint is set: Belay could tell this program nothing.", {
          field: "endpoint",
          cure: "Set one with PUT /api/v1/endpoint, or connect over the WebSocket /manager.",
        });
      await refuseOthers(viewer, report);
      await reach(endpoint);
      const at = clock.now();
      await store.recordSensors({ organizationId, ...report, reportedAt: at }, at);
    },
  };
}
