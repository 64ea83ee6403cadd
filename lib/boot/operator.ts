import type { ServiceStore } from "../engine/ports.ts";
import type { Viewer } from "../model/index.ts";

/** The server's own programs, as who they ask: the provider. undefined before the first start has made one. */
export async function operatorOf(store: Pick<ServiceStore, "organizations">): Promise<Viewer | undefined> {
  const provider = (await store.organizations()).find(({ role }) => role === "provider");
  return provider && { userId: null, name: "operator", organizationId: provider.id, role: "provider" };
}
