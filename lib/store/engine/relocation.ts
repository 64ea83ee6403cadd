import { z } from "zod";
import type { RelocationStore } from "../../engine/ports.ts";
import { incidentStates, type RepairId, repairStates } from "../../model/index.ts";
import { findHost, findIncident, findRepair, findVm } from "../find.ts";
import type { Parts } from "../parts.ts";
import { present } from "../rows/host.ts";
import { toIncident, toRepair, wholeIncident } from "../rows/incident.ts";
import { idOf, instant } from "../rows/narrow.ts";
import { readHooks } from "../rows/provider.ts";
import { toVm } from "../rows/vm.ts";
import { emitIncident } from "./incidents.ts";

const claimList = z.array(z.object({ to: z.string(), from: z.string() }));

export const engineRelocation = ({ database, write, ids }: Parts): RelocationStore => ({
  async partsOf(partOf) {
    const rows = await database.incident.findMany({
      where: { partOf, endedAt: null, vm: present },
      orderBy: { id: "asc" },
      include: { ...wholeIncident, vm: true },
    });
    return rows.flatMap((row) => (row.vm === null ? [] : [{ incident: toIncident(row), vm: toVm(row.vm) }]));
  },

  /** Answers with the open repairs that do what was planned, whether they are new or are there from the first time. */
  planRelocations: (plans, at) =>
    write(async (tx) => {
      const { db } = tx;
      const planned: RepairId[] = [];
      for (const { incidentId, plan } of plans) {
        const row = await findIncident(db, incidentId);
        const incident = toIncident(row);
        const vm = incident.vmId === null ? null : await db.vm.findFirst({ where: { id: incident.vmId, ...present } });
        if (vm === null || incidentStates[incident.state].ended) continue;
        const open = await db.repair.findFirst({ where: { vmId: vm.id, finishedAt: null } });
        if (open !== null) {
          if ("technique" in plan && open.incidentId === incidentId && open.technique === plan.technique)
            planned.push(idOf("rep", open.id));
          continue;
        }
        const said = `VM ${vm.name} on host ${row.host.name}: `;
        if ("refusal" in plan) {
          if (incident.state === "handed-over" && incident.words === plan.refusal) continue;
          const data = { state: "handed-over", words: plan.refusal, awaits: null };
          await db.incident.update({ where: { id: incidentId }, data });
          await emitIncident(tx, incidentId, at, said + plan.refusal);
          continue;
        }
        const { technique, words } = plan;
        const id = ids.next("rep");
        const repair = { id, incidentId, vmId: vm.id, technique, words, state: "planned" };
        await db.repair.create({ data: { ...repair, plannedAt: instant(at) } });
        await db.incident.update({ where: { id: incidentId }, data: { words, state: "open" } }); // until it begins
        await emitIncident(tx, incidentId, at, said + words);
        planned.push(id);
      }
      return planned;
    }),

  claimVm: (repairId, to, released, at) =>
    write(async ({ db, emit }) => {
      const repair = await findRepair(db, repairId);
      const target = await db.host.findFirst({ where: { id: to, ...present } });
      if (repairStates[toRepair(repair).state].ended || repair.vm === null || repair.vm.removedAt !== null)
        return undefined;
      const { vm } = repair;
      const claims = claimList.parse(repair.claims);
      const last = claims.at(-1);
      if (last?.to === to && vm.hostId === to)
        return { vm: toVm(vm), generation: vm.generation, from: idOf("hst", last.from) };
      const from = idOf("hst", vm.hostId);
      const letGo = released || vm.host.standing === "fenced" || claims.some((claim) => claim.to === from);
      if (target === null || from === to || !letGo) return undefined;
      await db.repair.update({
        where: { id: repairId },
        data: { claims: [...claims, { to, from }], released: repair.released || released },
      });
      const generation = vm.generation + 1;
      // Proven not to run where it was, and not started yet where it goes.
      const notYet = { state: "stopped", reason: "unknown", runId: null, stateSince: instant(at) } as const;
      const data = { hostId: to, movingTo: null, generation, ...notYet };
      const moved = toVm(await db.vm.update({ where: { id: vm.id }, data }));
      emit(at, `VM ${vm.name} goes from host ${vm.host.name} to host ${target.name}, generation ${generation}.`, {
        kind: "vm.changed",
        vm: moved,
      });
      return { vm: moved, generation, from };
    }),

  recordMoved: (id, to, words, at) =>
    write(async ({ db, emit }) => {
      const before = await findVm(db, id);
      const host = await findHost(db, to);
      if (before.hostId === to && before.movingTo === null) return toVm(before);
      const vm = toVm(await db.vm.update({ where: { id }, data: { hostId: to, movingTo: null } }));
      emit(at, `VM ${vm.name} on host ${host.name}: ${words}`, { kind: "vm.changed", vm });
      return vm;
    }),

  recordMoving: (id, to, at) =>
    write(async ({ db, emit }) => {
      const before = await findVm(db, id);
      const target = to === null ? null : await findHost(db, to);
      if (before.movingTo === to) return toVm(before);
      const vm = toVm(await db.vm.update({ where: { id }, data: { movingTo: to } }));
      const words = target === null ? "it is not being moved any more" : `it is being moved to host ${target.name}`;
      emit(at, `VM ${vm.name} on host ${before.host.name}: ${words}.`, { kind: "vm.changed", vm });
      return vm;
    }),

  hooks: () => readHooks(database),
});
