import type { ServiceStore } from "../../engine/ports.ts";
import type { Incident, OrganizationId, VmId } from "../../model/index.ts";
import type { Database, Readable } from "../database.ts";
import { readStatuses } from "../engine/checkpoints.ts";
import { readStoreFullSince } from "../engine/retention.ts";
import { readAllocations } from "../rows/allocation.ts";
import { present, toHost } from "../rows/host.ts";
import { toIncident, wholeIncident } from "../rows/incident.ts";
import { toApplication, toOrganization } from "../rows/organization.ts";
import { readFenceDevices, readHooks, toPolicy, toTolerance } from "../rows/provider.ts";
import { toVm } from "../rows/vm.ts";
import { readImages } from "./images.ts";
import { readMaintenances } from "./maintenance.ts";
import { readManagers, readSensorReports } from "./managers.ts";

type Reads = Pick<
  ServiceStore,
  "organizations" | "hosts" | "applications" | "vms" | "vm" | "host" | "incidents" | "incident" | "snapshot"
>;

/** The most incidents that one call returns. */
const mostIncidents = 1000;
const newestFirst = [{ td: "desc" as const }, { id: "desc" as const }];

const readOrganizations = async (db: Readable) =>
  (await db.organization.findMany({ orderBy: [{ createdAt: "asc" }, { id: "asc" }] })).map(toOrganization);
const readHosts = async (db: Readable) =>
  (await db.host.findMany({ where: present, orderBy: [{ enrolledAt: "asc" }, { id: "asc" }] })).map(toHost);
const readApplications = async (db: Readable) =>
  (await db.application.findMany({ orderBy: [{ createdAt: "asc" }, { id: "asc" }] })).map(toApplication);
const readVms = async (db: Readable) =>
  (await db.vm.findMany({ where: present, orderBy: [{ name: "asc" }, { id: "asc" }] })).map(toVm);

async function readIncidents(
  db: Readable,
  which: {
    readonly limit?: number;
    readonly vmId?: VmId;
    readonly organizationId?: OrganizationId;
    readonly ended?: boolean;
  },
): Promise<Incident[]> {
  const rows = await db.incident.findMany({
    where: {
      vmId: which.vmId,
      organizationId: which.organizationId,
      ...(which.ended === undefined ? {} : { endedAt: which.ended ? { not: null } : null }),
    },
    orderBy: newestFirst,
    take: which.limit === undefined ? undefined : Math.max(0, Math.min(which.limit, mostIncidents)),
    include: wholeIncident,
  });
  return rows.map(toIncident);
}

/** What pages and programs read. Hosts and VMs that were removed show only in the incidents that they had. */
export const serviceReads = (database: Database): Reads => ({
  organizations: () => readOrganizations(database),
  hosts: () => readHosts(database),
  applications: () => readApplications(database),
  vms: () => readVms(database),

  async vm(id) {
    const row = await database.vm.findFirst({ where: { id, ...present } });
    return row === null ? undefined : toVm(row);
  },

  async host(id) {
    const row = await database.host.findFirst({ where: { id, ...present } });
    return row === null ? undefined : toHost(row);
  },

  /** At most 1000, however high the limit. */
  incidents: (which) => readIncidents(database, which),

  async incident(id) {
    const row = await database.incident.findUnique({ where: { id }, include: wholeIncident });
    return row === null ? undefined : toIncident(row);
  },

  /** All open incidents and the newest ended ones, newest first. One repeatable-read transaction: its first statement fixes what it sees. */
  snapshot: (endedIncidents) =>
    database.$transaction(
      async (db) => {
        const counter = await db.eventCounter.findUniqueOrThrow({ where: { id: 1 } });
        const open = await readIncidents(db, { ended: false });
        const ended = await readIncidents(db, { ended: true, limit: endedIncidents });
        return {
          seq: Number(counter.last),
          organizations: await readOrganizations(db),
          hosts: await readHosts(db),
          applications: await readApplications(db),
          vms: await readVms(db),
          incidents: [...open, ...ended],
          fenceDevices: await readFenceDevices(db),
          hooks: await readHooks(db),
          maintenances: await readMaintenances(db),
          policy: toPolicy(await db.policy.findUnique({ where: { id: 1 } })),
          checkpointStatuses: await readStatuses(db),
          tolerance: toTolerance(await db.toleranceList.findUnique({ where: { id: 1 } })),
          checkpointStoreFullSince: await readStoreFullSince(db),
          images: await readImages(db),
          managers: await readManagers(db),
          sensorReports: await readSensorReports(db),
          allocations: await readAllocations(db, { endedAt: null }),
        };
      },
      { isolationLevel: "RepeatableRead", maxWait: 10_000, timeout: 15_000 },
    ),
});
