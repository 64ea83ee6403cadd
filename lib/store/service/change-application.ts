import type { ServiceStore } from "../../engine/ports.ts";
import {
  type Application,
  type ApplicationId,
  applicationChanges,
  BelayError,
  type EpochMs,
  type Viewer,
} from "../../model/index.ts";
import type { Parts } from "../parts.ts";
import { toApplication } from "../rows/organization.ts";
import { audit } from "./audit.ts";

export const changeApplication = (
  { write, ids }: Parts,
  id: ApplicationId,
  to: Parameters<ServiceStore["changeApplication"]>[1],
  by: Viewer,
  at: EpochMs,
): Promise<Application> =>
  write(async (tx) => {
    const row = await tx.db.application.findUnique({ where: { id } });
    if (row === null) throw new BelayError("not-found", `There is no application ${id}.`);
    const before = toApplication(row);
    const { after, details, words } = applicationChanges(before, to);
    if (words.length === 0) return before;
    const { mode, checkpointEveryMs, agreement } = after;
    const data = { mode, checkpointEveryMs, ...agreement };
    const application = toApplication(await tx.db.application.update({ where: { id }, data }));
    await audit(tx, ids, by, at, { action: "application.change", subject: id, details });
    tx.emit(at, `Application ${application.name}: ${words.join(" ")} (Said by ${by.name}.)`, {
      kind: "application.changed",
      application,
    });
    tx.wake("vms"); // the plans for its VMs depend on it
    return application;
  });
