import { isDeepStrictEqual } from "node:util";
import type { CollaborationStore } from "../../engine/ports.ts";
import { agreementWithin, defaultAgreement } from "../../model/index.ts";
import type { Parts } from "./parts.ts";
import { byText, hostName, incidentOf, need, needVm, openIncidentOf, openIncidents, policyOf } from "./tables.ts";

type ForEngine = Pick<
  CollaborationStore,
  | "agreementOf"
  | "image"
  | "managerOf"
  | "hasEndpoint"
  | "sensorsOf"
  | "openIncidentOf"
  | "applicationIncidents"
  | "tookMs"
  | "recordRebuilt"
>;

/** From how many repairs it is said how long the next one takes. */
const historyOf = 20;

/** What the engine asks about customers' parts. */
export function engineCollaboration({ tables, log }: Parts): ForEngine {
  return {
    async agreementOf(id) {
      const { applicationId } = need(tables.vms, id, "VM").vm;
      const application = applicationId === null ? undefined : tables.applications.get(applicationId);
      return agreementWithin(application?.agreement ?? defaultAgreement, policyOf(tables));
    },
    image: async (id) => tables.images.get(id),
    managerOf: async (organization) => tables.managers.get(organization)?.standing,
    hasEndpoint: async (organization) => tables.endpoints.has(organization),
    sensorsOf: async (application) => tables.sensors.get(application)?.report,
    async openIncidentOf(vm) {
      const open = openIncidentOf(tables, vm);
      return open && incidentOf(tables, open);
    },
    applicationIncidents: async () =>
      openIncidents(tables)
        .filter((it) => it.layer === "application")
        .sort((a, b) => a.td - b.td || byText(a.id, b.id))
        .map((it) => incidentOf(tables, it)),
    tookMs: async (technique, vm) =>
      [...tables.by.repairsOfVm.of(vm)]
        .filter((it) => it.technique === technique && it.state === "succeeded")
        .sort((a, b) => (b.finishedAt ?? 0) - (a.finishedAt ?? 0) || byText(b.id, a.id))
        .flatMap(({ begunAt, incidentId }) => {
          const tr = tables.incidents.get(incidentId)?.tr ?? null;
          return begunAt === null || tr === null ? [] : [Math.max(0, tr - begunAt)];
        })
        .slice(0, historyOf),
    async recordRebuilt(id, definition, diskPaths, at) {
      const row = needVm(tables, id);
      const same = isDeepStrictEqual([...row.vm.diskPaths], [...diskPaths]);
      if (same && row.definition === definition) return;
      const vm = { ...row.vm, diskPaths: [...diskPaths] };
      tables.vms.set(id, { ...row, vm, definition });
      if (same) return;
      const host = hostName(tables, vm.hostId);
      const words = `VM ${vm.name} on host ${host}: from now on its disks are ${diskPaths.join(", ")}.`;
      log.append(at, words, { kind: "vm.changed", vm });
    },
  };
}
