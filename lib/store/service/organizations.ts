import type { ServiceStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import type { Parts } from "../parts.ts";
import { instant } from "../rows/narrow.ts";
import { toApplication, toOrganization } from "../rows/organization.ts";
import { audit } from "./audit.ts";
import { changeApplication } from "./change-application.ts";

type OrganizationPart = Pick<
  ServiceStore,
  "createOrganization" | "auditPerson" | "createApplication" | "changeApplication"
>;

export const serviceOrganizations = (parts: Parts): OrganizationPart => ({
  /** The same id twice is one organization. */
  createOrganization: (organization, by, at) =>
    parts.write(async (tx) => {
      const { id, name, role } = organization;
      const known = await tx.db.organization.findUnique({ where: { id } });
      if (known !== null) return toOrganization(known);
      const made = toOrganization(
        await tx.db.organization.create({ data: { id, name, role, createdAt: instant(at) } }),
      );
      await audit(tx, parts.ids, by, at, { action: "organization.create", subject: id, details: { name, role } });
      tx.emit(at, `Organization ${name} was created by ${by.name}.`, {
        kind: "organization.changed",
        organization: made,
      });
      return made;
    }),

  auditPerson: ({ action, email, organizationId }, by, at) =>
    parts.write((tx) => audit(tx, parts.ids, by, at, { action, subject: email, details: { organizationId } })),

  /** The same id twice is one application. */
  createApplication: (application, by, at) =>
    parts.write(async (tx) => {
      const { id, organizationId, name, mode, checkpointEveryMs, agreement } = application;
      const known = await tx.db.application.findUnique({ where: { id } });
      if (known !== null) return toApplication(known);
      const owner = await tx.db.organization.findUnique({ where: { id: organizationId } });
      if (owner === null)
        throw new BelayError("not-found", `There is no organization ${organizationId}.`, { field: "organizationId" });
      const data = { id, organizationId, name, mode, checkpointEveryMs, ...agreement };
      const made = toApplication(await tx.db.application.create({ data: { ...data, createdAt: instant(at) } }));
      await audit(tx, parts.ids, by, at, {
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

  changeApplication: (id, to, by, at) => changeApplication(parts, id, to, by, at),
});
