import type { Incident, RepairId, Vm } from "../../model/index.ts";
import type { Env } from "../env.ts";
import { within } from "../guard/within.ts";
import type { DomainSight } from "../ports.ts";
import { isUntouched } from "./touched.ts";
import { vmWork } from "./work.ts";

const lookWithinMs = 5_000;

/** Somebody switched it off through libvirt, which does not say who: a person, where Belay has not. */
export const isOffByHand = (sight: Pick<DomainSight, "state" | "reason"> | undefined): boolean =>
  sight?.state === "stopped" && sight.reason === "destroyed";

export const offByHandWords = "Somebody switched it off on the hypervisor.";

/**
 * A person has switched it off since it failed: it did not fail by being off, it was not off when it was seen last, and no repair of this incident has touched it. A host that
 * lost its power has forgotten why, and says nothing here.
 */
export const isOffSince = (
  sight: Pick<DomainSight, "state" | "reason"> | undefined,
  vm: Pick<Vm, "state" | "reason">,
  incident: Pick<Incident, "cause" | "partOf" | "repairs">,
): boolean => isOffByHand(sight) && incident.cause !== "not-running" && !isOffByHand(vm) && isUntouched(incident);

/** What a person did to it in the middle of a repair. */
export async function takeAsWanted(env: Env, repair: RepairId, words = offByHandWords): Promise<void> {
  const { vm } = await vmWork(env, repair);
  await env.store.recordWanted(vm.id, "stopped", `${words} That is taken as wanted.`, env.clock.now());
}

/** The same, asked of its host now. One that does not say it is asked again by whatever is done there. */
export async function isOffNow(env: Env, repair: RepairId): Promise<boolean> {
  const { vm, incident } = await vmWork(env, repair);
  if ((await env.store.host(vm.hostId))?.standing !== "in-use") return false;
  const look = env.hypervisor.readDomain(vm.hostId, vm.uuid).catch(() => undefined);
  return isOffSince(await within(env.clock, lookWithinMs, look, undefined), vm, incident);
}
