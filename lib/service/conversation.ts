import type { ConversationMessageView, CustomerEvent, ManagerReply, OfferView } from "../contract/index.ts";
import { type ConversationMessage, can, type IncidentId, type OrganizationId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { organizationAsked } from "./own-organization.ts";

const view = (message: ConversationMessage): ConversationMessageView => message;

/** What provider and customer say to each other, as both may read it. */
export function conversationService({ store, clock }: ServiceDeps) {
  return {
    async offer(_viewer: Viewer): Promise<OfferView> {
      const policy = await store.policy();
      return {
        ...{ modes: policy.modesOffered, answerMostMs: policy.answerMostMs, finishMostMs: policy.finishMostMs },
        ...{ mostVms: policy.customerMostVms, mostMiB: policy.customerMostMiB, allocates: policy.network !== null },
      };
    },

    async manager(viewer: Viewer, organizationId?: OrganizationId): Promise<ManagerReply> {
      const own = organizationAsked(viewer, organizationId);
      const [managers, reports] = await Promise.all([store.managers(), store.sensorReports()]);
      return {
        manager: managers.find((it) => it.organizationId === own) ?? null,
        sensors: reports.filter((it) => it.organizationId === own),
      };
    },

    /** The thread of an incident. */
    async incidentConversation(viewer: Viewer, id: IncidentId): Promise<ConversationMessageView[]> {
      const incident = found("incident", await store.incident(id), (it) => can.seeIncident(viewer, it));
      if (incident.organizationId === null) return [];
      return (await store.conversation(incident.organizationId, incident.id)).map(view);
    },

    /** The organization's own thread. */
    async conversation(viewer: Viewer, organizationId?: OrganizationId): Promise<ConversationMessageView[]> {
      return (await store.conversation(organizationAsked(viewer, organizationId), null)).map(view);
    },

    /** What a program behind an endpoint, or a person, says for the customer. A manager's own epoch comes with the message. */
    async sayToProvider(viewer: Viewer, { id, epoch, data }: CustomerEvent): Promise<ConversationMessageView> {
      must(can.speakForCustomer(viewer));
      const { organizationId, name: by } = viewer;
      return view(
        await store.hear({ ...{ id, organizationId, epoch: epoch ?? null, by }, message: data }, clock.now()),
      );
    },
  };
}
