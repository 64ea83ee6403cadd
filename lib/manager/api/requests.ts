import { z } from "zod";
import {
  type AllocationView,
  type ApplicationView,
  type allocateBody,
  allocationList,
  allocationView,
  applicationList,
  applicationView,
  type CustomerEvent,
  conversationMessageView,
  type ImageView,
  imageList,
  type ManagerReply,
  managerReply,
  organizationList,
  type sensorsBody,
  type standingBody,
  standingReply,
  type VmView,
  vmList,
} from "../../contract/index.ts";
import type { Api } from "./client.ts";

/** The routes that a manager asks. */

type Wanted = z.input<typeof allocateBody>;

export const images = async (api: Api): Promise<readonly ImageView[]> =>
  (await api.ask("GET", "/images", imageList)).images;

export const vms = async (api: Api): Promise<readonly VmView[]> => (await api.ask("GET", "/vms", vmList)).vms;

export const allocations = async (api: Api): Promise<readonly AllocationView[]> =>
  (await api.ask("GET", "/allocations", allocationList)).allocations;

export const allocation = (api: Api, id: string, signal?: AbortSignal): Promise<AllocationView> =>
  api.ask("GET", `/allocations/${id}`, allocationView, { ...(signal && { signal }) });

export const allocate = (
  api: Api,
  body: Wanted,
  idempotencyKey: string,
  signal: AbortSignal,
): Promise<AllocationView> => api.ask("POST", "/allocations", allocationView, { body, idempotencyKey, signal });

export const freeVm = (api: Api, vmId: string, signal: AbortSignal): Promise<AllocationView> =>
  api.ask("DELETE", `/vms/${vmId}`, allocationView, { signal });

export const manager = (api: Api): Promise<ManagerReply> => api.ask("GET", "/manager", managerReply);

export const sayToProvider = (api: Api, event: CustomerEvent): Promise<unknown> =>
  api.ask("POST", "/collaboration/messages", conversationMessageView, { body: event });

/** Whether this manager may act: asked again and again by one that has no standing connection to be told by. */
export const askToStand = (
  api: Pick<Api, "ask">,
  body: z.input<typeof standingBody>,
  signal: AbortSignal,
): Promise<z.infer<typeof standingReply>> =>
  api.ask("POST", "/collaboration/standing", standingReply, { body, signal });

export const reportSensors = (api: Api, body: z.input<typeof sensorsBody>): Promise<unknown> =>
  api.ask("POST", "/collaboration/sensors", z.undefined(), { body });

export async function applicationNamed(api: Api, name: string): Promise<ApplicationView | undefined> {
  const { applications } = await api.ask("GET", "/applications", applicationList);
  return applications.find((application) => application.name === name);
}

/** By a key that may configure. A new application is protected as the provider's offer says. */
export async function createApplication(api: Api, name: string): Promise<ApplicationView> {
  const { organizations } = await api.ask("GET", "/organizations", organizationList);
  const organizationId = organizations[0]?.id;
  return await api.ask("POST", "/applications", applicationView, { body: { organizationId, name } });
}
