import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type { EndpointView, newEndpointReply, putEndpointBody } from "../contract/index.ts";
import { BelayError, can, type Endpoint, type OrganizationId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { organizationAsked } from "./own-organization.ts";

/** Each test is a request of the provider's to wherever the customer says. */
const testEveryMs = 2000;

const view = ({ organizationId, url, ok, words, triedAt }: Endpoint): EndpointView => ({
  ...{ organizationId, url, ok, words, triedAt },
});

/** Where customers without a standing connection want their messages. */
export function endpointService({ store, clock, endpointCaller }: ServiceDeps) {
  const mayTestAt = new Map<OrganizationId, number>();

  return {
    async endpoint(viewer: Viewer, organizationId?: OrganizationId): Promise<EndpointView | null> {
      const known = await store.endpoint(organizationAsked(viewer, organizationId));
      return known === undefined ? null : view(known);
    },

    /**
     * Its addresses are looked at first. Another address has a new secret, told in this answer and nowhere else. The same one keeps its secret:
     * whoever sets it anew, as after a 410, does not end the validity of the signatures that they check.
     */
    async putEndpoint(
      viewer: Viewer,
      { url, newSecret }: z.infer<typeof putEndpointBody>,
    ): Promise<z.infer<typeof newEndpointReply>> {
      must(can.speakForCustomer(viewer));
      await endpointCaller.check(url);
      const { organizationId } = viewer;
      const before = newSecret ? undefined : await store.endpoint(organizationId);
      const kept = before?.url === url ? before.secret : undefined;
      const secret = kept ?? `whsec_${randomBytes(32).toString("base64")}`;
      const endpoint = { organizationId, url, ok: true, gone: false, words: null, triedAt: null };
      await store.putEndpoint(endpoint, secret, viewer, clock.now());
      return { endpoint: view(endpoint), secret: kept === undefined ? secret : null };
    },

    async removeEndpoint(viewer: Viewer): Promise<void> {
      must(can.speakForCustomer(viewer));
      await store.removeEndpoint(viewer.organizationId, viewer, clock.now());
    },

    /** Sends a message that means nothing, signed as every other. */
    async testEndpoint(viewer: Viewer): Promise<{ readonly ok: boolean; readonly words: string }> {
      must(can.speakForCustomer(viewer));
      const { organizationId } = viewer;
      const endpoint = found("endpoint", await store.endpoint(organizationId), () => true, "url");
      const now = clock.now();
      if (now < (mayTestAt.get(organizationId) ?? 0))
        throw new BelayError("conflict", "The endpoint was tested a moment ago.", {
          cure: "Try again in two seconds.",
        });
      mayTestAt.set(organizationId, now + testEveryMs);
      const outcome = await endpointCaller.test(endpoint);
      await store.recordDelivery(organizationId, outcome, clock.now());
      return { ok: outcome.ok, words: outcome.words };
    },
  };
}
