import type { ServiceStore } from "../../engine/ports.ts";
import { BelayError, intervalWords, protectionModes } from "../../model/index.ts";
import type { Parts } from "../parts.ts";
import { instant } from "../rows/narrow.ts";
import { toApplication, toOrganization } from "../rows/organization.ts";
import { audit } from "./audit.ts";

type OrganizationPart = Pick<ServiceStore, "createOrganization" | "createApplication" | "changeApplication">;

const savedWords = (everyMs: number | null) =>
  everyMs === null ? "Its VMs are not saved." : `Its VMs are saved every ${intervalWords(everyMs)}.`;

export const serviceOrganizations = ({ write, ids }: Parts): OrganizationPart => ({
  /** The same id twice is one organization. */
  createOrganization: (organization, by, at) =>
    write(async (tx) => {
      const { id, name, role } = organization;
      const known = await tx.db.organization.findUnique({ where: { id } });
      if (known !== null) return toOrganization(known);
      const made = toOrganization(
        await tx.db.organization.create({ data: { id, name, role, createdAt: instant(at) } }),
      );
      await audit(tx, ids, by, at, { action: "organization.create", subject: id, details: { name, role } });
      tx.emit(at, `Organization ${name} was created by ${by.name}.`, {
        kind: "organization.changed",
        organization: made,
      });
      return made;
    }),

  /** The same id twice is one application. */
  createApplication: (application, by, at) =>
    write(async (tx) => {
      const { id, organizationId, name, mode, checkpointEveryMs } = application;
      const known = await tx.db.application.findUnique({ where: { id } });
      if (known !== null) return toApplication(known);
      const owner = await tx.db.organization.findUnique({ where: { id: organizationId } });
      if (owner === null)
        throw new BelayError("not-found", `There is no organization ${organizationId}.`, { field: "organizationId" });
      const data = { id, organizationId, name, mode, checkpointEveryMs, createdAt: instant(at) };
      const made = toApplication(await tx.db.application.create({ data }));
      await audit(tx, ids, by, at, {
        action: "application.create",
        subject: id,
        details: { organizationId, name, mode },
      });
      tx.emit(at, `Application ${name} of ${owner.name} was created by ${by.name}.`, {
        kind: "application.changed",
        application: made,
      });
      return made;
    }),

  changeApplication: (id, to, by, at) =>
    write(async (tx) => {
      const before = await tx.db.application.findUnique({ where: { id } });
      if (before === null) throw new BelayError("not-found", `There is no application ${id}.`);
      const { mode = before.mode, checkpointEveryMs = before.checkpointEveryMs } = to;
      const other = mode !== before.mode;
      const saved = checkpointEveryMs !== before.checkpointEveryMs;
      if (!other && !saved) return toApplication(before);
      const data = { mode, checkpointEveryMs };
      const application = toApplication(await tx.db.application.update({ where: { id }, data }));
      const details = {
        ...(other && { from: before.mode, to: mode }),
        ...(saved && { checkpointEveryMs: { from: before.checkpointEveryMs, to: checkpointEveryMs } }),
      };
      await audit(tx, ids, by, at, { action: "application.change", subject: id, details });
      const words = [
        ...(other ? [protectionModes[application.mode]] : []),
        ...(saved ? [savedWords(checkpointEveryMs)] : []),
      ];
      tx.emit(at, `Application ${application.name}: ${words.join(" ")} (Said by ${by.name}.)`, {
        kind: "application.changed",
        application,
      });
      tx.wake("vms"); // the plans for its VMs depend on it
      return application;
    }),
});
