import type { CollaborationServiceStore } from "../../engine/ports.ts";
import { BelayError, type ManagerStanding, type SensorReport, sensorNews } from "../../model/index.ts";
import type { Parts } from "./parts.ts";
import { byText, need, type Tables } from "./tables.ts";

type ForPeople = Pick<
  CollaborationServiceStore,
  "claimManager" | "releaseManager" | "managers" | "recordSensors" | "sensorReports"
>;

export const managersOf = (tables: Tables): ManagerStanding[] =>
  [...tables.managers.values()].map((row) => row.standing).sort((a, b) => byText(a.organizationId, b.organizationId));
export const sensorReportsOf = (tables: Tables): SensorReport[] =>
  [...tables.sensors.values()].map((row) => row.report).sort((a, b) => byText(a.applicationId, b.applicationId));

/** Which manager is heard, and what its sensors say. What only renews is not told. */
export function managers(parts: Parts): ForPeople {
  const { tables, log } = parts;
  const tell = (manager: ManagerStanding, at: number, words: string) => {
    log.append(at, words, { kind: "manager.changed", manager });
    parts.wake("messages");
  };
  return {
    async claimManager({ organizationId, instance, name, version, byEndpoint = false }, leaseMs, at) {
      const row = tables.managers.get(organizationId);
      const before = row?.standing;
      const isSame = before?.instance === instance;
      const isRenewal =
        isSame && before.byEndpoint === byEndpoint && before.name === name && before.version === version;
      if (row && before?.connected && isRenewal) {
        tables.managers.set(organizationId, { standing: { ...before, heardAt: at }, until: at + leaseMs });
        return { active: true, epoch: before.epoch };
      }
      const owner = need(tables.organizations, organizationId, "organization");
      if (row && before?.connected && !isSame && row.until > at) return { active: false, epoch: before.epoch };
      const epoch = (before?.epoch ?? 0) + (isSame ? 0 : 1);
      const since = isSame && before?.connected ? before.since : at;
      const who = { organizationId, instance, name, version, byEndpoint };
      const standing = { ...who, epoch, connected: true, since, heardAt: at };
      tables.managers.set(organizationId, { standing, until: at + leaseMs });
      tell(standing, at, `The manager ${name} of ${owner.name} is heard, epoch ${epoch}.`);
      return { active: true, epoch };
    },

    async releaseManager(organization, instance, at) {
      const row = tables.managers.get(organization);
      if (!row?.standing.connected || row.standing.instance !== instance) return;
      const standing = { ...row.standing, connected: false };
      tables.managers.set(organization, { standing, until: at });
      const owner = need(tables.organizations, organization, "organization");
      tell(standing, at, `The manager ${standing.name} of ${owner.name} went away.`);
    },

    managers: async () => managersOf(tables),

    async recordSensors(report, at) {
      const { applicationId, organizationId } = report;
      const application = tables.applications.get(applicationId);
      if (application?.organizationId !== organizationId)
        throw new BelayError("not-found", `There is no application ${applicationId}.`, { field: "applicationId" });
      const before = tables.sensors.get(applicationId);
      const news = sensorNews(application.name, before, report, at);
      tables.sensors.set(applicationId, { report, toldAt: news === undefined ? (before?.toldAt ?? at) : at });
      if (news === undefined) return;
      log.append(at, news, { kind: "sensors.changed", report });
      parts.wake("messages");
    },

    sensorReports: async () => sensorReportsOf(tables),
  };
}
