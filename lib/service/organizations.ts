import type { z } from "zod";
import type {
  ApplicationView,
  changeApplicationBody,
  createApplicationBody,
  createOrganizationBody,
  OrganizationView,
} from "../contract/index.ts";
import { type ApplicationId, BelayError, can, defaultAgreement, type Viewer } from "../model/index.ts";
import { refuseBeyondOffer } from "./agreement.ts";
import { found, must } from "./allowed.ts";
import { refuseInterval } from "./checkpoint-interval.ts";
import type { ServiceDeps } from "./deps.ts";
import { withoutUndefined } from "./without-undefined.ts";

const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

const taken = (what: string, name: string) =>
  new BelayError("conflict", `There is an ${what} called ${name} already.`, {
    field: "name",
    cure: "Choose another name.",
  });

export function organizationService({ store, clock, ids }: ServiceDeps) {
  const applicationsOf = async (viewer: Viewer) =>
    (await store.applications()).filter((application) => can.seeApplication(viewer, application) === true);

  return {
    async organizations(viewer: Viewer): Promise<OrganizationView[]> {
      return (await store.organizations()).filter((organization) => can.seeOrganization(viewer, organization) === true);
    },

    async createOrganization(viewer: Viewer, body: z.infer<typeof createOrganizationBody>): Promise<OrganizationView> {
      must(can.manageOrganizations(viewer));
      if ((await store.organizations()).some((organization) => sameName(organization.name, body.name)))
        throw taken("organization", body.name);
      const organization = { id: ids.next("org"), name: body.name, role: "customer" } as const;
      return store.createOrganization(organization, viewer, clock.now());
    },

    applications: applicationsOf,

    async createApplication(viewer: Viewer, body: z.infer<typeof createApplicationBody>): Promise<ApplicationView> {
      const organization = found(
        "organization",
        (await store.organizations()).find(({ id }) => id === body.organizationId),
        (it) => can.seeOrganization(viewer, it),
        "organizationId",
      );
      const others = (await store.applications()).filter((it) => it.organizationId === organization.id);
      if (others.some((application) => sameName(application.name, body.name))) throw taken("application", body.name);
      return store.createApplication(
        {
          id: ids.next("app"),
          organizationId: organization.id,
          name: body.name,
          mode: "provider",
          checkpointEveryMs: null,
          agreement: defaultAgreement,
        },
        viewer,
        clock.now(),
      );
    },

    async changeApplication(
      viewer: Viewer,
      id: ApplicationId,
      body: z.infer<typeof changeApplicationBody>,
    ): Promise<ApplicationView> {
      const application = found(
        "application",
        (await store.applications()).find((it) => it.id === id),
        (it) => can.seeApplication(viewer, it),
      );
      must(can.changeApplication(viewer, application));
      const policy = await store.policy();
      refuseInterval(body.checkpointEveryMs, policy);
      refuseBeyondOffer(body, application, policy);
      const { agreement, ...rest } = body;
      const to = { ...withoutUndefined(rest), ...(agreement && { agreement: withoutUndefined(agreement) }) };
      return store.changeApplication(application.id, to, viewer, clock.now());
    },
  };
}
