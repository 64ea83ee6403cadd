import type { EngineStore, ServiceStore } from "../../engine/ports.ts";
import { openAllocationsOf } from "./allocations.ts";
import { statusesOf } from "./checkpoints.ts";
import type { EventLog } from "./event-log.ts";
import { imagesByName } from "./images.ts";
import { newestMaintenances } from "./maintenance.ts";
import { managersOf, sensorReportsOf } from "./managers.ts";
import { storeFullSinceOf } from "./retention.ts";
import { byText, incidentOf, isOpenIncident, policyOf, type Tables, toleranceOf, vmsByName } from "./tables.ts";

type Reads = Pick<
  ServiceStore,
  "organizations" | "hosts" | "applications" | "vms" | "vm" | "host" | "incidents" | "incident" | "snapshot"
>;

const mostIncidents = 1000;

/** What pages and programs read. Hosts and VMs that were removed show only in the incidents that they had. */
export function reads(
  tables: Tables,
  log: EventLog,
  engine: Pick<EngineStore, "hosts" | "fenceDevices" | "hooks">,
): Reads {
  const organizations = async () => [...tables.organizations.values()];
  const applications = async () => [...tables.applications.values()];
  const vms = async () => vmsByName(tables);
  const newestFirst = () =>
    [...tables.incidents.values()]
      .sort((a, b) => b.td - a.td || byText(b.id, a.id))
      .map((row) => incidentOf(tables, row));

  return {
    ...{ organizations, applications, vms, hosts: engine.hosts },
    async vm(id) {
      const row = tables.vms.get(id);
      return row?.removed ? undefined : row?.vm;
    },
    async host(id) {
      const row = tables.hosts.get(id);
      return row?.removed ? undefined : row?.host;
    },
    incidents: async ({ limit, vmId, organizationId }) =>
      newestFirst()
        .filter((it) => vmId === undefined || it.vmId === vmId)
        .filter((it) => organizationId === undefined || it.organizationId === organizationId)
        .slice(0, Math.max(0, Math.min(limit, mostIncidents))),
    async incident(id) {
      const row = tables.incidents.get(id);
      return row && incidentOf(tables, row);
    },
    async snapshot(endedIncidents) {
      const all = newestFirst();
      const ended = all.filter((it) => !isOpenIncident(it)).slice(0, Math.max(0, endedIncidents));
      return {
        seq: await log.feed.lastSeq(),
        organizations: await organizations(),
        hosts: await engine.hosts(),
        applications: await applications(),
        vms: await vms(),
        incidents: [...all.filter(isOpenIncident), ...ended],
        fenceDevices: await engine.fenceDevices(),
        hooks: await engine.hooks(),
        maintenances: newestMaintenances(tables),
        policy: policyOf(tables),
        checkpointStatuses: statusesOf(tables),
        tolerance: toleranceOf(tables),
        checkpointStoreFullSince: storeFullSinceOf(tables),
        images: imagesByName(tables),
        managers: managersOf(tables),
        sensorReports: sensorReportsOf(tables),
        allocations: openAllocationsOf(tables),
      };
    },
  };
}
