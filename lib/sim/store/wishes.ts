import { isDeepStrictEqual } from "node:util";
import type { CheckpointServiceStore, CheckpointStore } from "../../engine/ports.ts";
import { BelayError, type Vm } from "../../model/index.ts";
import { endOfApplication } from "./incidents.ts";
import { audit, emitIncident, type Parts } from "./parts.ts";
import {
  byText,
  hostName,
  type IncidentRow,
  needVm,
  openIncidentOf,
  openRepairOf,
  type RepairRow,
  type WishRow,
} from "./tables.ts";

type ForEngine = Pick<
  CheckpointStore,
  "pendingWishes" | "beginWish" | "endWish" | "openCalledRestore" | "calledCheckpoint" | "recordBeside"
>;
type ForPeople = Pick<CheckpointServiceStore, "recordWish">;

const waitingWishes = 10;

/** For its owner. */
const calledBack = "A saved state was called for: the VM goes back to it, and that is an incident of its own.";

/** What people ask for about checkpoints, as the engine carries it out. */
export function engineWishes(parts: Parts): ForEngine {
  const { tables, ids, log } = parts;
  return {
    pendingWishes: async () =>
      [...tables.by.openWish.of("open")]
        .sort((a, b) => a.at - b.at || byText(a.id, b.id))
        .map(({ id, vmId, by, wish, at, owner }) => ({ id, vmId, by, wish, at, owner })),
    async beginWish(id, at) {
      const row = tables.wishes.get(id);
      if (row === undefined || row.ended) return false;
      tables.wishes.set(id, { ...row, begunAt: row.begunAt ?? at });
      return true;
    },
    async endWish(id, { ok, words }, at) {
      const row = tables.wishes.get(id);
      if (row && !row.ended) tables.wishes.set(id, { ...row, ended: { at, ok, words } });
    },

    async openCalledRestore(vmId, checkpoint, by, at) {
      const isThis = (it: RepairRow) => it.plannedAt === at && tables.called.get(it.id) === checkpoint;
      const known = [...tables.by.repairsOfVm.of(vmId)].find(isThis);
      if (known) return known.id;
      const { vm } = needVm(tables, vmId);
      if (tables.checkpoints.get(checkpoint)?.vmId !== vmId)
        throw new BelayError("not-found", `VM ${vm.name} has no checkpoint ${checkpoint}.`);
      endOfApplication(parts, vmId, calledBack, at);
      if (openIncidentOf(tables, vmId) || openRepairOf(tables, vmId)) return undefined;
      const incident: IncidentRow = {
        ...{ id: ids.next("inc"), layer: "vm", cause: "called-restore", certainty: "certain", state: "open" },
        ...{ hostId: vm.hostId, vmId, organizationId: vm.organizationId, applicationId: vm.applicationId },
        ...{ partOf: null, awaits: null, tp: at, tpSource: "event", td: at, tr: null, endedAt: null },
        words: "A saved state was called for: the VM goes back to it.",
        evidence: [{ at, source: "operator", words: `${by} called for it.`, audience: "all" }],
      };
      tables.incidents.set(incident.id, incident);
      const repairId = ids.next("rep");
      tables.repairs.set(repairId, {
        ...{ id: repairId, incidentId: incident.id, vmId, technique: "assisted-restart", state: "planned" },
        ...{ plannedAt: at, begunAt: null, finishedAt: null, steps: [] },
        words: "Restore the saved state that was called for.",
      });
      tables.called.set(repairId, checkpoint);
      const where = `VM ${vm.name} on host ${hostName(tables, vm.hostId)}`;
      emitIncident(parts, incident.id, at, `${where}: ${by} called for a saved state.`);
      return repairId;
    },
    calledCheckpoint: async (repair) => tables.called.get(repair),

    async recordBeside(id, ofId, at) {
      const row = needVm(tables, id);
      const of = needVm(tables, ofId).vm;
      const { organizationId } = of;
      if (row.vm.organizationId === organizationId && row.vm.checkpointEveryMs === 0) return;
      const alone = { applicationId: null, consent: "notify", checkpointEveryMs: 0, standby: false } as const;
      const vm: Vm = { ...row.vm, organizationId, ...alone };
      tables.vms.set(id, { ...row, vm });
      const where = `VM ${vm.name} on host ${hostName(tables, vm.hostId)}`;
      log.append(at, `${where}: it was restored beside ${of.name}, to look inside.`, { kind: "vm.changed", vm });
    },
  };
}

export function peopleWishes(parts: Parts): ForPeople {
  const { tables, ids } = parts;
  return {
    async recordWish({ vmId, wish, key }, by, at) {
      const known = [...tables.by.wishKey.of(key)][0];
      if (known && known.vmId === vmId && isDeepStrictEqual(known.wish, wish)) return known.id;
      if (known || [...tables.by.intentKey.of(key)].length > 0)
        throw new BelayError("conflict", "This key was used for another request.", { field: "Idempotency-Key" });
      const owner = needVm(tables, vmId).vm.organizationId;
      const waiting = [...tables.by.openWish.of("open")].filter((it) => it.vmId === vmId).length;
      if (waiting >= waitingWishes)
        throw new BelayError("conflict", `${waiting} requests for this VM already wait.`, { field: "id" });
      const row: WishRow = { id: ids.next("int"), vmId, owner, by: by.name, wish, at, key, begunAt: null, ended: null };
      tables.wishes.set(row.id, row);
      audit(parts, by, at, `checkpoint.${wish.kind}`, vmId);
      parts.wake("intents");
      return row.id;
    },
  };
}
