import {
  type Agreement,
  type Application,
  fallbacks,
  type Organization,
  organizationRoles,
  protectionModeNames,
} from "../../model/index.ts";
import type { Application as ApplicationRow, Organization as OrganizationRow } from "../generated/client.ts";
import { idOf, keyOf, oneOf } from "./narrow.ts";

export const toOrganization = (row: OrganizationRow): Organization => ({
  id: idOf("org", row.id),
  name: row.name,
  role: oneOf(organizationRoles, row.role, "organization.role"),
});

export const toAgreement = (
  row: Pick<ApplicationRow, "answerWithinMs" | "finishWithinMs" | "fallback">,
): Agreement => ({
  answerWithinMs: row.answerWithinMs,
  finishWithinMs: row.finishWithinMs,
  fallback: keyOf(fallbacks, row.fallback, "application.fallback"),
});

export const toApplication = (row: ApplicationRow): Application => ({
  id: idOf("app", row.id),
  organizationId: idOf("org", row.organizationId),
  name: row.name,
  mode: oneOf(protectionModeNames, row.mode, "application.mode"),
  checkpointEveryMs: row.checkpointEveryMs,
  agreement: toAgreement(row),
});
