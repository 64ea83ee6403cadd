import type { CollaborationServiceStore } from "../../engine/ports.ts";
import { BelayError } from "../../model/index.ts";
import type { Parts } from "../parts.ts";
import { toApiKey } from "../rows/collaboration.ts";
import { epochMs, instant } from "../rows/narrow.ts";
import { audit } from "./audit.ts";

type Keys = Pick<CollaborationServiceStore, "keys" | "createKey" | "revokeKey" | "keyByDigest">;

/** How often it is noted that a key is used. */
const usedEveryMs = 60_000;

/** Keys of programs that act for an organization. */
export const serviceKeys = ({ database, write, ids }: Parts): Keys => ({
  async keys(organizationId) {
    const rows = await database.apiKey.findMany({
      where: { organizationId },
      orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    });
    return rows.map(toApiKey);
  },

  /** The same id twice is one key. */
  createKey: (key, digest, by, at) =>
    write(async (tx) => {
      const { id, organizationId, name, scopes, createdAt } = key;
      const known = await tx.db.apiKey.findUnique({ where: { id } });
      if (known !== null) return toApiKey(known);
      if ((await tx.db.organization.findUnique({ where: { id: organizationId } })) === null)
        throw new BelayError("not-found", `There is no organization ${organizationId}.`, { field: "organizationId" });
      const data = { id, organizationId, name, digest, scopes: [...scopes], createdAt: instant(createdAt) };
      const made = toApiKey(await tx.db.apiKey.create({ data }));
      await audit(tx, ids, by, at, { action: "key.create", subject: id, details: { organizationId, name, scopes } });
      return made;
    }),

  /** Twice is once. Who holds a connection with the key is woken, to look whether it still may. */
  revokeKey: (id, by, at) =>
    write(async (tx) => {
      const row = await tx.db.apiKey.findUnique({ where: { id } });
      if (row === null) throw new BelayError("not-found", `There is no key ${id}.`);
      if (row.revokedAt !== null) return;
      await tx.db.apiKey.update({ where: { id }, data: { revokedAt: instant(at) } });
      const { organizationId, name } = row;
      await audit(tx, ids, by, at, { action: "key.revoke", subject: id, details: { organizationId, name } });
      tx.wake("sayings");
    }),

  async keyByDigest(digest, at) {
    const row = await database.apiKey.findUnique({ where: { digest } });
    if (row === null || row.revokedAt !== null) return undefined;
    const known = toApiKey(row);
    // The wall clock may be set back.
    if (row.lastUsedAt !== null && Math.abs(at - epochMs(row.lastUsedAt)) < usedEveryMs) return known;
    await database.apiKey.updateMany({ where: { id: row.id }, data: { lastUsedAt: instant(at) } });
    return { ...known, lastUsedAt: at };
  },
});
