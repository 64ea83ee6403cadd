import { BelayError, type OrganizationId, type Viewer } from "../model/index.ts";

/** The organization that is asked about: customers ask about their own, providers name one. */
export function organizationAsked(viewer: Viewer, named: OrganizationId | undefined): OrganizationId {
  if (named === undefined || named === viewer.organizationId) return viewer.organizationId;
  if (viewer.role === "provider") return named;
  throw new BelayError("not-found", "There is no such organization.", { field: "organizationId" });
}
