import { asksCustomersView } from "../../../decide/index.ts";
import { consentCovers, type RepairId, type Vm, type VmId } from "../../../model/index.ts";
import { openRepairOf, vmOfUuid } from "../../store/tables.ts";
import type { Invariant } from "./sight.ts";

/** What is done rests on what was read a moment earlier. */
const readAgoMs = 1000;
const destroys = /^libvirt on \S+ (resets|destroys) (\S+?)\.$/;
const renews = /^(\S+) gets a fresh disk on /;

/** Nothing of a guest's work is destroyed while what failed is unsure: its owner's sensors are asked first, or their time is over. */
export const destroyedWhileUnsure: Invariant = ({ world, tables, vms }) => {
  const found: string[] = [];
  const named = (name: string) => vms().find((it) => it.name === name);
  world.onHappening(({ words }) => {
    const name = destroys.exec(words)?.[2] ?? renews.exec(words)?.[1];
    const vm = name === undefined ? undefined : named(name);
    const repair = vm && openRepairOf(tables, vm.id);
    const incident = repair && tables.incidents.get(repair.incidentId);
    if (!repair?.technique.startsWith("assisted-") || repair.technique === "assisted-restart" || !incident) return;
    if (!asksCustomersView(incident.cause, incident.certainty)) return;
    const asked = repair.steps.find((it) => it.name === "ask the customer");
    if (asked?.state !== "done") found.push(`3: ${words} Its owner was not asked, and what failed is unsure.`);
  });
  return function* () {
    yield* found.splice(0);
  };
};

/** Nothing is done by agreement that the owner's consent does not cover: making a VM anew, and taking it to another host. */
export const agreedBeyondConsent: Invariant = ({ world, tables, now, vms }) => {
  const found: string[] = [];
  const recreateAt = new Map<VmId, number>();
  const relocateAt = new Map<VmId, number>();
  const claimed = new Map<RepairId, number>();
  world.onHappening(({ words }) => {
    const name = renews.exec(words)?.[1];
    const vm = name === undefined ? undefined : vms().find((it) => it.name === name);
    if (!vm || consentCovers(vm.consent, "recreate")) return;
    if (now() - (recreateAt.get(vm.id) ?? Number.NEGATIVE_INFINITY) > readAgoMs)
      found.push(`3: ${words} Its owner allows ${vm.consent}.`);
  });
  return function* () {
    yield* found.splice(0);
    for (const [id, { claims }] of tables.claims) {
      const before = claimed.get(id) ?? 0;
      claimed.set(id, claims.length);
      if (claims.length <= before) continue;
      const repair = tables.repairs.get(id);
      const vm: Vm | undefined = repair?.vmId == null ? undefined : tables.vms.get(repair.vmId)?.vm;
      if (!vm || repair?.technique !== "assisted-rebuild" || consentCovers(vm.consent, "relocate")) continue;
      // What was agreed when the owner allowed it is not given up in the middle, between two hosts.
      if (relocateAt.has(vm.id)) continue;
      yield `3: ${vm.name} was taken to another host, and its owner never allowed more than ${vm.consent}.`;
    }
    for (const vm of vms()) {
      if (consentCovers(vm.consent, "recreate")) recreateAt.set(vm.id, now());
      if (consentCovers(vm.consent, "relocate")) relocateAt.set(vm.id, now());
    }
  };
};

/** The disk that a VM had when it failed is there until its incident is over, whatever it was made from meanwhile. */
export const oldDiskLost: Invariant = ({ world, tables, openIncidents }) => {
  const had = new Map<string, { readonly uuid: string; readonly disk: string }>();
  return function* () {
    const open = new Set<string>();
    for (const { id, vmId, layer } of openIncidents()) {
      const row = vmId === null || layer === "application" ? undefined : tables.vms.get(vmId);
      const guest = row && world.guest(row.vm.uuid);
      if (!row || row.removed || !guest) continue;
      open.add(id);
      const kept = had.get(id) ?? { uuid: guest.uuid, disk: guest.diskPath };
      had.set(id, kept);
      if (guest.diskPath !== kept.disk && !guest.otherDisks.has(kept.disk))
        yield `8: the disk that ${vmOfUuid(tables, kept.uuid)?.name} had when it failed is gone, and its incident is not over.`;
    }
    for (const id of had.keys()) if (!open.has(id)) had.delete(id);
  };
};
