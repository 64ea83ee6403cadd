import type { CollaborationServiceStore } from "../../engine/ports.ts";
import type { ApiKey, Endpoint } from "../../model/index.ts";
import { audit, type Parts } from "./parts.ts";
import { byText, need } from "./tables.ts";

type ForPeople = Pick<
  CollaborationServiceStore,
  | "keys"
  | "createKey"
  | "revokeKey"
  | "keyByDigest"
  | "endpoint"
  | "endpoints"
  | "putEndpoint"
  | "removeEndpoint"
  | "recordDelivery"
>;

const usedEveryMs = 60_000;

const asKey = ({ digest: _, ...key }: ApiKey & { readonly digest: string }): ApiKey => key;

/** Keys and endpoints of organizations. */
export function keys(parts: Parts): ForPeople {
  const { tables } = parts;
  return {
    keys: async (organization) =>
      [...tables.keys.values()]
        .filter((it) => it.organizationId === organization)
        .sort((a, b) => a.createdAt - b.createdAt || byText(a.id, b.id))
        .map(asKey),

    async createKey(key, digest, by, at) {
      const known = tables.keys.get(key.id);
      if (known) return asKey(known);
      need(tables.organizations, key.organizationId, "organization", "organizationId");
      const made = { ...key, scopes: [...key.scopes], lastUsedAt: null, revokedAt: null };
      tables.keys.set(key.id, { ...made, digest });
      audit(parts, by, at, "key.create", key.id);
      return made;
    },

    async revokeKey(id, by, at) {
      const row = need(tables.keys, id, "key");
      if (row.revokedAt !== null) return;
      tables.keys.set(id, { ...row, revokedAt: at });
      audit(parts, by, at, "key.revoke", id);
      parts.wakeDelivery();
    },

    async keyByDigest(digest, at) {
      const [row] = tables.by.keyDigest.of(digest);
      if (row === undefined || row.revokedAt !== null) return undefined;
      if (row.lastUsedAt !== null && Math.abs(at - row.lastUsedAt) < usedEveryMs) return asKey(row);
      tables.keys.set(row.id, { ...row, lastUsedAt: at });
      return asKey({ ...row, lastUsedAt: at });
    },

    endpoint: async (organization) => tables.endpoints.get(organization),
    endpoints: async () => [...tables.endpoints.values()].sort((a, b) => byText(a.organizationId, b.organizationId)),

    async putEndpoint(endpoint, secret, by, at) {
      const { organizationId, url, ok, gone, words, triedAt } = endpoint;
      need(tables.organizations, organizationId, "organization", "organizationId");
      const row = { organizationId, url, secret, ok, gone, words, triedAt };
      tables.endpoints.set(organizationId, row satisfies Endpoint & { secret: string });
      audit(parts, by, at, "endpoint.put", organizationId);
      parts.wakeDelivery();
    },

    async removeEndpoint(organization, by, at) {
      if (!tables.endpoints.has(organization)) return;
      tables.endpoints.delete(organization);
      audit(parts, by, at, "endpoint.remove", organization);
    },

    async recordDelivery(organization, { ok, gone = false, words }, triedAt) {
      const row = tables.endpoints.get(organization);
      if (row) tables.endpoints.set(organization, { ...row, ok, gone, words, triedAt });
    },
  };
}
