import type { RelocationStore } from "../../engine/ports.ts";
import type { RepairId, Vm } from "../../model/index.ts";
import { emitIncident, type Parts } from "./parts.ts";
import {
  byText,
  hostName,
  incidentOf,
  isOpenIncident,
  isOpenRepair,
  need,
  needHost,
  needVm,
  openRepairOf,
} from "./tables.ts";

/** VMs that change hosts. */
export function relocation(parts: Parts): RelocationStore {
  const { tables, log, ids } = parts;
  const write = (vm: Vm, at: number, words: string): Vm => {
    tables.vms.set(vm.id, { ...needVm(tables, vm.id), vm });
    log.append(at, words, { kind: "vm.changed", vm });
    return vm;
  };

  return {
    partsOf: async (partOf) =>
      [...tables.by.openPartOf.of(partOf)]
        .sort((a, b) => byText(a.id, b.id))
        .flatMap((row) => {
          const vm = row.vmId === null ? undefined : tables.vms.get(row.vmId);
          return vm === undefined || vm.removed ? [] : [{ incident: incidentOf(tables, row), vm: vm.vm }];
        }),

    /** Answers with the open repairs that do what was planned, whether they are new or are there from the first time. */
    async planRelocations(plans, at) {
      for (const { incidentId } of plans) need(tables.incidents, incidentId, "incident");
      const planned: RepairId[] = [];
      for (const { incidentId, plan } of plans) {
        const incident = need(tables.incidents, incidentId, "incident");
        const row = incident.vmId === null ? undefined : tables.vms.get(incident.vmId);
        if (row === undefined || row.removed || !isOpenIncident(incident)) continue;
        const { vm } = row;
        const open = openRepairOf(tables, vm.id);
        if (open) {
          if ("technique" in plan && open.incidentId === incidentId && open.technique === plan.technique)
            planned.push(open.id);
          continue;
        }
        const said = `VM ${vm.name} on host ${hostName(tables, incident.hostId)}: `;
        if ("refusal" in plan) {
          const words = plan.refusal;
          if (incident.state === "handed-over" && incident.words === words) continue;
          tables.incidents.set(incidentId, { ...incident, state: "handed-over", words, awaits: null });
          emitIncident(parts, incidentId, at, said + words);
          continue;
        }
        const { technique, words } = plan;
        const id = ids.next("rep");
        tables.repairs.set(id, {
          ...{ id, incidentId, vmId: vm.id, technique, state: "planned", words },
          ...{ plannedAt: at, begunAt: null, finishedAt: null, steps: [] },
        });
        tables.incidents.set(incidentId, { ...incident, words, state: "open" });
        emitIncident(parts, incidentId, at, said + words);
        planned.push(id);
      }
      return planned;
    },

    async claimVm(repairId, to, released, at) {
      const repair = need(tables.repairs, repairId, "repair");
      const target = tables.hosts.get(to);
      const row = repair.vmId === null ? undefined : tables.vms.get(repair.vmId);
      if (!isOpenRepair(repair) || row === undefined || row.removed) return undefined;
      const { vm } = row;
      const known = tables.claims.get(repairId);
      const claims = known?.claims ?? [];
      const last = claims.at(-1);
      if (last?.to === to && vm.hostId === to) return { vm, generation: vm.generation, from: last.from };
      const from = vm.hostId;
      const host = need(tables.hosts, from, "host").host;
      const letGo = released || host.standing === "fenced" || claims.some((claim) => claim.to === from);
      if (target === undefined || target.removed || from === to || !letGo) return undefined;
      tables.claims.set(repairId, {
        claims: [...claims, { to, from }],
        released: released || known?.released === true,
      });
      const generation = vm.generation + 1;
      const moved = write(
        {
          ...{ ...vm, hostId: to, movingTo: null, generation },
          ...{ state: "stopped", reason: "unknown", runId: null, stateSince: at },
        },
        at,
        `VM ${vm.name} goes from host ${host.name} to host ${target.host.name}, generation ${generation}.`,
      );
      return { vm: moved, generation, from };
    },

    async recordMoved(id, to, words, at) {
      const { vm } = needVm(tables, id);
      const { host } = needHost(tables, to);
      if (vm.hostId === to && vm.movingTo === null) return vm;
      return write({ ...vm, hostId: to, movingTo: null }, at, `VM ${vm.name} on host ${host.name}: ${words}`);
    },

    async recordMoving(id, to, at) {
      const { vm } = needVm(tables, id);
      const target = to === null ? null : needHost(tables, to).host;
      if (vm.movingTo === to) return vm;
      const words = target === null ? "it is not being moved any more" : `it is being moved to host ${target.name}`;
      return write({ ...vm, movingTo: to }, at, `VM ${vm.name} on host ${hostName(tables, vm.hostId)}: ${words}.`);
    },

    hooks: async () => [...tables.hooks.values()].sort((a, b) => byText(a.id, b.id)),
  };
}
