import { type NoPlace, planElsewhere } from "../../decide/index.ts";
import type { HostId, Incident, TechniqueName, Vm, VmId } from "../../model/index.ts";
import { type StandbyFinder, savedOf } from "../checkpoints/saved.ts";
import { filesOf, imageFor } from "../conversation/image.ts";
import { togetherOf } from "../conversation/partner.ts";
import type { Env } from "../env.ts";
import { eachOf } from "../guard/limit.ts";
import type { Places } from "./places.ts";

const askedAtOnce = 16;

export type PlannedPlace =
  | NoPlace
  | { readonly host: HostId; readonly plan: { readonly technique: TechniqueName; readonly words: string } };

/**
 * How, and where, each of these lost VMs comes back: from the replica that stands by, from its newest checkpoint, or from its own disk. A
 * checkpoint brings its disks along, so a VM that has one may go where its disk is not seen.
 */
export async function placesFor(
  env: Env,
  places: Places,
  standbys: StandbyFinder,
  lost: readonly { readonly vm: Vm; readonly incident: Incident }[],
  exclude: ReadonlySet<HostId>,
): Promise<ReadonlyMap<VmId, PlannedPlace>> {
  if (lost.length === 0) return new Map();
  const intervals = await env.store.checkpointIntervals();
  const found = new Map<VmId, PlannedPlace>();
  const plans = new Map<VmId, { technique: TechniqueName; words: string; standby: HostId | undefined }>();
  /** Files that it needs where its own disk is not seen; missing: it needs that one. */
  const instead = new Map<VmId, readonly string[]>();
  await eachOf(lost, askedAtOnce, async ({ vm, incident }) => {
    let standby: HostId | undefined;
    const finder: StandbyFinder = {
      async readyOn(...asked) {
        standby = await standbys.readyOn(...asked);
        return standby;
      },
    };
    const saved = await savedOf(env, vm, incident.tp, { lost: finder, intervals, within: incident });
    const together = await togetherOf(env, vm, await env.store.modeOf(vm.id));
    const plan = planElsewhere(vm, saved, together);
    if ("refusal" in plan) {
      found.set(vm.id, { refusal: plan.refusal, detail: "" });
      return;
    }
    plans.set(vm.id, { ...plan, standby });
    if (plan.technique === "restore-checkpoint" || plan.technique === "group-restore") instead.set(vm.id, []);
    const image = plan.technique === "assisted-evacuate" ? await imageFor(env, vm) : undefined;
    if (image !== undefined) instead.set(vm.id, filesOf(image));
  });

  const take = (vms: readonly Vm[], among: Awaited<ReturnType<Places["placeAll"]>>) => {
    for (const vm of vms) {
      const place = among.get(vm.id);
      const plan = plans.get(vm.id);
      if (place === undefined || plan === undefined) continue;
      const { technique, words } = plan;
      found.set(vm.id, "host" in place ? { host: place.host, plan: { technique, words } } : place);
    }
  };
  const left = new Map(lost.flatMap(({ vm }) => (plans.has(vm.id) ? [[vm.id, vm] as const] : [])));
  for (const { vm } of lost) {
    const plan = plans.get(vm.id);
    if (plan?.technique !== "standby" || plan.standby === undefined) continue;
    const place = await places.placeAt(vm, plan.standby);
    if (place === undefined) {
      plans.set(vm.id, { ...plan, technique: "restore-checkpoint" });
      instead.set(vm.id, []);
    } else {
      places.reserve(vm, place);
      take([vm], new Map([[vm.id, { host: place }]]));
      left.delete(vm.id);
    }
  }
  const vms = [...left.values()];
  if (vms.length > 0) take(vms, await places.placeAll(vms, exclude));
  const mayGoAnywhere = vms.filter((vm) => {
    const place = found.get(vm.id);
    return (place === undefined || "refusal" in place) && instead.has(vm.id);
  });
  if (mayGoAnywhere.length > 0) {
    const taken = vms.flatMap((vm) => {
      const place = found.get(vm.id);
      return place !== undefined && "host" in place ? [{ vm, host: place.host }] : [];
    });
    for (const { vm, host } of taken) places.reserve(vm, host);
    take(
      mayGoAnywhere,
      await places.placeAll(
        mayGoAnywhere.map((vm) => ({ ...vm, diskPaths: instead.get(vm.id) ?? [] })),
        exclude,
      ),
    );
  }
  return found;
}
