import { placeKey, statesOf } from "../../checkpoints/saved.ts";
import { carrierElsewhere } from "../../world/run.ts";
import type { Action } from "../actions.ts";
import type { Rig } from "../rig.ts";

const handedOver = (rig: Rig) =>
  [...rig.store.tables.by.openIncident.of("open")].filter((it) => it.state === "handed-over");

/** Once all is mended and calm: nothing half done, and no VM down without a person knowing. */
export function* unsettled(rig: Rig): Generator<string> {
  const { tables } = rig.store;
  const open = [...tables.by.openIncident.of("open")];
  for (const { vm, removed } of tables.vms.values()) {
    if (removed) continue;
    const { world } = rig.cloud;
    const host = world.hostByUri(tables.hosts.get(vm.hostId)?.host.uri ?? "");
    const domain = host?.domains.get(vm.uuid);
    const elsewhere = host && carrierElsewhere(world, host, vm.uuid);
    if (elsewhere && domain)
      yield `In the end: ${vm.name} runs on ${elsewhere.name}, and Belay keeps it on ${host.name}.`;
    const incident = open.find((it) => it.vmId === vm.id);
    const state = `${domain?.state ?? "gone"} (${domain?.reason}), seen as ${vm.state}`;
    if (incident && incident.state !== "handed-over")
      yield `In the end: ${vm.name} is ${state}, and its incident is still ${incident.state}.`;
    if (vm.wanted === "running" && domain?.state !== "running" && !incident)
      yield `In the end: ${vm.name} is ${state}, is wanted, and nobody was told.`;
    if (vm.state !== (domain?.state ?? "missing") && host?.power !== "off") yield `In the end: ${vm.name} is ${state}.`;
  }
  // One that was switched off after all else was mended waits for a person to switch it on.
  for (const { host, removed } of tables.hosts.values())
    if (!removed && host.standing !== "in-use" && rig.cloud.world.hostByUri(host.uri)?.power === "on")
      yield `In the end: ${host.name} stands as ${host.standing}: ${host.standingWords}`;
  for (const repair of tables.by.openRepair.of("open"))
    yield `In the end: repair ${repair.id} is still ${repair.state}.`;
  for (const { allocation } of tables.allocations.values()) {
    // What was made on a host that is switched off can be taken away, and its address be another's, once a person has switched it on.
    const on = allocation.hostId === null ? undefined : tables.hosts.get(allocation.hostId)?.host.uri;
    if (on !== undefined && rig.cloud.world.hostByUri(on)?.power === "off") continue;
    if (["asked", "making", "freeing"].includes(allocation.state))
      yield `In the end: the VM ${allocation.name} is still ${allocation.state}: ${allocation.words}`;
  }
  for (const intent of tables.by.openIntent.of("open"))
    yield `In the end: the request to kill ${intent.name} was never answered.`;
}

/** Nothing of a capture is left on a host, and the list of checkpoints is what the store holds. */
export function* leftOfSaving(rig: Rig): Generator<string> {
  const { tables } = rig.store;
  const { saved } = rig.cloud.world;
  for (const { vm, removed } of tables.vms.values()) {
    if (removed) continue;
    const host = rig.cloud.world.hostByUri(tables.hosts.get(vm.hostId)?.host.uri ?? "");
    // Of a VM that does not run files may lie there until it does.
    if (host?.domains.get(vm.uuid)?.state === "running" && saved.leftovers.has(placeKey(host.name, vm.uuid)))
      yield `In the end: what a capture of ${vm.name} left is still on ${host.name}.`;
    if (saved.held.has(vm.uuid)) yield `In the end: ${vm.name} stands still for a capture.`;
    const held = new Set(statesOf(saved, vm.id).map((it) => it.id));
    const listed = [...tables.by.checkpointsOfVm.of(vm.id)].map((it) => it.id);
    if (listed.some((id) => !held.has(id)))
      yield `In the end: a checkpoint of ${vm.name} is listed and not in the store.`;
    if (held.size > listed.length) yield `In the end: the store holds checkpoints of ${vm.name} that nobody knows.`;
  }
}

/** People do what the incidents that were handed over to them ask for: they stop what is left of the VM and start it. */
export function* byPeople(rig: Rig): Generator<Action> {
  for (const { name } of rig.cloud.world.hosts()) yield { do: "host-power-on", host: name };
  for (const { vmId } of handedOver(rig)) {
    const vm = vmId === null ? undefined : rig.store.tables.vms.get(vmId)?.vm.name;
    if (vm === undefined) continue;
    yield { do: "person-stops", vm };
    yield { do: "person-starts", vm };
  }
}

/** After that nobody is told any more of what is well; only a VM that is gone from its host stays handed over. */
export function* stillTold(rig: Rig): Generator<string> {
  for (const { vmId, hostId, words } of handedOver(rig)) {
    if (vmId === null)
      yield `In the end: ${rig.store.tables.hosts.get(hostId)?.host.name} is still handed over: ${words}`;
    if (vmId === null) continue;
    const vm = rig.store.tables.vms.get(vmId)?.vm;
    if (vm?.state !== "missing") yield `In the end: ${vm?.name} is ${vm?.state} and still handed over: ${words}`;
  }
}
