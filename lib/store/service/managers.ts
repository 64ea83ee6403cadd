import type { CollaborationServiceStore } from "../../engine/ports.ts";
import { BelayError, type ManagerStanding, type SensorReport, sensorNews } from "../../model/index.ts";
import type { Readable } from "../database.ts";
import { toJson } from "../json.ts";
import type { Parts } from "../parts.ts";
import { toManager, toSensorReport } from "../rows/collaboration.ts";
import { epochMs, instant } from "../rows/narrow.ts";

type Managers = Pick<
  CollaborationServiceStore,
  "claimManager" | "releaseManager" | "managers" | "recordSensors" | "sensorReports"
>;

export const readManagers = async (db: Readable): Promise<ManagerStanding[]> =>
  (await db.managerClaim.findMany({ orderBy: { organizationId: "asc" } })).map(toManager);
export const readSensorReports = async (db: Readable): Promise<SensorReport[]> =>
  (await db.sensorReport.findMany({ orderBy: { applicationId: "asc" } })).map(toSensorReport);

/** Which manager is heard, and what its sensors say. What only renews is written without an event and not in line with other writes. */
export const serviceManagers = ({ database, write }: Parts): Managers => {
  async function newsOf(db: Readable, report: SensorReport, at: number) {
    const { applicationId, organizationId } = report;
    const application = await db.application.findUnique({
      where: { id: applicationId },
      include: { sensors: true },
    });
    if (application === null || application.organizationId !== organizationId)
      throw new BelayError("not-found", `There is no application ${applicationId}.`, { field: "applicationId" });
    const { sensors: row, name } = application;
    const before = row === null ? undefined : { report: toSensorReport(row), toldAt: epochMs(row.toldAt) };
    return sensorNews(name, before, report, at);
  }

  return {
    async claimManager({ organizationId, instance, name, version, byEndpoint = false }, leaseMs, at) {
      const lease = { until: instant(at + leaseMs), heardAt: instant(at) };
      const mine = { organizationId, instance, name, version, byEndpoint, releasedAt: null };
      if ((await database.managerClaim.updateMany({ where: mine, data: lease })).count === 1) {
        const row = await database.managerClaim.findFirst({ where: mine });
        if (row !== null) return { active: true, epoch: row.epoch };
      }
      return write(async (tx) => {
        const owner = await tx.db.organization.findUnique({ where: { id: organizationId } });
        if (owner === null) throw new BelayError("not-found", `There is no organization ${organizationId}.`);
        const before = await tx.db.managerClaim.findUnique({ where: { organizationId } });
        const others = before !== null && before.instance !== instance;
        if (others && before.releasedAt === null && epochMs(before.until) > at)
          return { active: false, epoch: before.epoch };
        const isSame = before !== null && !others;
        const epoch = (before?.epoch ?? 0) + (isSame ? 0 : 1);
        const since = isSame && before.releasedAt === null ? before.since : instant(at);
        const data = { ...mine, ...lease, epoch, since };
        if (before === null) await tx.db.managerClaim.create({ data });
        else {
          // A renewal of the other one's does not wait for us: what it has just renewed is not ours.
          const asRead = { organizationId, instance: before.instance, until: before.until };
          const { count } = await tx.db.managerClaim.updateMany({ where: asRead, data });
          if (count === 0) return { active: isSame, epoch: before.epoch };
        }
        const manager = toManager(await tx.db.managerClaim.findUniqueOrThrow({ where: { organizationId } }));
        tx.emit(at, `The manager ${name} of ${owner.name} is heard, epoch ${epoch}.`, {
          kind: "manager.changed",
          manager,
        });
        tx.wake("messages");
        return { active: true, epoch };
      });
    },

    releaseManager: (organizationId, instance, at) =>
      write(async (tx) => {
        const over = { until: instant(at), releasedAt: instant(at) };
        const { count } = await tx.db.managerClaim.updateMany({
          where: { organizationId, instance, releasedAt: null },
          data: over,
        });
        if (count === 0) return;
        const row = await tx.db.managerClaim.findUniqueOrThrow({
          where: { organizationId },
          include: { organization: true },
        });
        tx.emit(at, `The manager ${row.name} of ${row.organization.name} went away.`, {
          kind: "manager.changed",
          manager: toManager(row),
        });
        tx.wake("messages");
      }),

    managers: () => readManagers(database),

    async recordSensors(report, at) {
      const { applicationId, organizationId } = report;
      const data = { organizationId, reportedAt: instant(report.reportedAt), sensors: toJson(report.sensors) };
      if ((await newsOf(database, report, at)) === undefined) {
        await database.sensorReport.updateMany({ where: { applicationId }, data });
        return;
      }
      await write(async (tx) => {
        const news = await newsOf(tx.db, report, at);
        const told = { ...data, ...(news === undefined ? {} : { toldAt: instant(at) }) };
        const create = { applicationId, toldAt: instant(at), ...told };
        await tx.db.sensorReport.upsert({ where: { applicationId }, create, update: told });
        if (news === undefined) return;
        tx.emit(at, news, { kind: "sensors.changed", report });
        tx.wake("messages");
      });
    },

    sensorReports: () => readSensorReports(database),
  };
};
