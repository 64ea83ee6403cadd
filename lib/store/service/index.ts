import type { ServiceStore } from "../../engine/ports.ts";
import type { Parts } from "../parts.ts";
import { serviceAllocations } from "./allocations.ts";
import { serviceAnswers } from "./answers.ts";
import { serviceCheckpoints } from "./checkpoints.ts";
import { serviceConversation } from "./conversation.ts";
import { serviceEndpoints } from "./endpoints.ts";
import { serviceHear } from "./hear.ts";
import { serviceHosts } from "./hosts.ts";
import { serviceImages } from "./images.ts";
import { serviceIntents } from "./intents.ts";
import { serviceKeys } from "./keys.ts";
import { serviceMaintenance } from "./maintenance.ts";
import { serviceManagers } from "./managers.ts";
import { serviceOrganizations } from "./organizations.ts";
import { serviceProvider } from "./provider.ts";
import { serviceReads } from "./reads.ts";
import { serviceVms } from "./vms.ts";

/** The store as people's requests see it. */
export const serviceStore = (parts: Parts): ServiceStore => ({
  ...serviceReads(parts.database),
  ...serviceHosts(parts),
  ...serviceOrganizations(parts),
  ...serviceVms(parts),
  ...serviceIntents(parts),
  ...serviceProvider(parts),
  ...serviceAnswers(parts),
  ...serviceMaintenance(parts),
  ...serviceCheckpoints(parts),
  ...serviceKeys(parts),
  ...serviceImages(parts),
  ...serviceEndpoints(parts),
  ...serviceManagers(parts),
  ...serviceConversation(parts),
  ...serviceHear(parts),
  ...serviceAllocations(parts),
});
