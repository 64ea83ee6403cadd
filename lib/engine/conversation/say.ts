import type { IncidentId, MessageId, OrganizationId, ProviderMessage, RepairId, Vm, VmRef } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { vmWork } from "../repair/work.ts";

export const refOf = ({ id, name }: Pick<Vm, "id" | "name">): VmRef => ({ id, name });

/** Says it to the VM's owner, once for each key; nothing to a VM of nobody's. */
export async function sayTo(
  env: { readonly store: Pick<Env["store"], "say">; readonly clock: Pick<Env["clock"], "now"> },
  organizationId: OrganizationId | null,
  thread: { readonly incidentId: IncidentId | null; readonly repairId: RepairId | null },
  key: string,
  message: ProviderMessage,
): Promise<MessageId | undefined> {
  if (organizationId === null) return undefined;
  return env.store.say({ key, organizationId, ...thread, message }, env.clock.now());
}

/** Says something of a repair, in its incident's thread. `key` is the repair's own. */
export async function sayOfRepair(
  env: Env,
  repair: RepairId,
  key: string,
  message: (vm: Vm) => ProviderMessage | Promise<ProviderMessage>,
): Promise<MessageId | undefined> {
  const { vm, incident } = await vmWork(env, repair);
  if (vm.organizationId !== incident.organizationId) return undefined; // given to another owner since: it is not theirs to read
  const thread = { incidentId: incident.id, repairId: repair };
  return sayTo(env, vm.organizationId, thread, `${repair}/${key}`, await message(vm));
}

type Changed = Extract<ProviderMessage, { readonly kind: "repair.changed" }>;

/** What became of the repair. The same state is told once. */
export const sayChanged = (env: Env, repair: RepairId, state: Changed["state"], words: string, key: string = state) =>
  sayOfRepair(env, repair, `changed/${key}`, (vm) => ({
    kind: "repair.changed",
    repair,
    vm: refOf(vm),
    state,
    words: words.slice(0, 2_000),
  }));
