import type { Together } from "../../decide/index.ts";
import type { ProtectionMode, Vm } from "../../model/index.ts";
import type { EngineStore } from "../ports.ts";

type Knows = { readonly store: Pick<EngineStore, "agreementOf" | "managerOf" | "hasEndpoint"> };

/** Whether anybody of the VM's owner's could hear what is said to them. */
export async function isReachable({ store }: Knows, { organizationId }: Pick<Vm, "organizationId">): Promise<boolean> {
  if (organizationId === null) return false;
  return (await store.managerOf(organizationId)) !== undefined || (await store.hasEndpoint(organizationId));
}

/** The other side of this VM's repair; undefined where the mode asks for none. */
export async function togetherOf(
  env: Knows,
  vm: Pick<Vm, "id" | "organizationId">,
  mode: ProtectionMode,
): Promise<Together | undefined> {
  if (mode !== "collaborative") return undefined;
  const { fallback } = await env.store.agreementOf(vm.id);
  return { reachable: await isReachable(env, vm), fallback };
}
