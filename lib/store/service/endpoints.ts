import type { CollaborationServiceStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import type { Parts } from "../parts.ts";
import { toEndpoint } from "../rows/collaboration.ts";
import { instant, instantOrNull } from "../rows/narrow.ts";
import { audit } from "./audit.ts";

type Endpoints = Pick<
  CollaborationServiceStore,
  "endpoint" | "putEndpoint" | "removeEndpoint" | "recordDelivery" | "endpoints"
>;

/** Where customers want their messages. What is in an address after its host may open it: the audit has not more than that. */
export const serviceEndpoints = ({ database, write, ids }: Parts): Endpoints => ({
  async endpoint(organizationId) {
    const row = await database.endpoint.findUnique({ where: { organizationId } });
    return row === null ? undefined : toEndpoint(row);
  },

  async endpoints() {
    return (await database.endpoint.findMany({ orderBy: { organizationId: "asc" } })).map(toEndpoint);
  },

  putEndpoint: (endpoint, secret, by, at) =>
    write(async (tx) => {
      const { organizationId, url, ok, gone, words, triedAt } = endpoint;
      if ((await tx.db.organization.findUnique({ where: { id: organizationId } })) === null)
        throw new BelayError("not-found", `There is no organization ${organizationId}.`, { field: "organizationId" });
      const data = { url, secret, ok, gone, words, triedAt: instantOrNull(triedAt) };
      const where = { organizationId };
      await tx.db.endpoint.upsert({ where, create: { ...where, ...data }, update: data });
      const details = { origin: URL.parse(url)?.origin ?? null };
      await audit(tx, ids, by, at, { action: "endpoint.put", subject: organizationId, details });
      tx.wake("sayings");
    }),

  /** Twice is once. */
  removeEndpoint: (organizationId, by, at) =>
    write(async (tx) => {
      const { count } = await tx.db.endpoint.deleteMany({ where: { organizationId } });
      if (count === 0) return;
      await audit(tx, ids, by, at, { action: "endpoint.remove", subject: organizationId, details: {} });
    }),

  async recordDelivery(organizationId, { ok, gone = false, words }, at) {
    await database.endpoint.updateMany({ where: { organizationId }, data: { ok, gone, words, triedAt: instant(at) } });
  },
});
