import { createHash, randomBytes } from "node:crypto";
import type { z } from "zod";
import type { createKeyBody, KeyView, newKeyReply } from "../contract/index.ts";
import { BelayError, can, type KeyId, type OrganizationId, type Viewer } from "../model/index.ts";
import { found, must } from "./allowed.ts";
import type { ServiceDeps } from "./deps.ts";
import { organizationAsked } from "./own-organization.ts";

const prefix = "blk_";

export const isKeySecret = (token: string): boolean => token.startsWith(prefix);

/** What is kept of a key. Its secret is 256 random bits, so that a plain digest tells nobody what it was. */
export const keyDigest = (secret: string): string => createHash("sha256").update(secret).digest("hex");

const mostKeys = 50;

/** Keys of organizations, for their programs. */
export function keyService({ store, clock, ids }: ServiceDeps) {
  return {
    /** Newest first, the revoked ones too. Never their secrets. */
    async keys(viewer: Viewer, organizationId?: OrganizationId): Promise<KeyView[]> {
      const keys = await store.keys(organizationAsked(viewer, organizationId));
      return keys.toSorted((a, b) => b.createdAt - a.createdAt).map((key) => ({ ...key }));
    },

    /** The secret is in this answer and nowhere else. */
    async createKey(viewer: Viewer, body: z.infer<typeof createKeyBody>): Promise<z.infer<typeof newKeyReply>> {
      must(can.haveKeys(viewer), { cure: "Sign in as somebody of the customer." });
      const { organizationId } = viewer;
      const holding = (await store.keys(organizationId)).filter(({ revokedAt }) => revokedAt === null);
      if (holding.some(({ name }) => name === body.name))
        throw new BelayError("conflict", `There is a key called ${body.name} already.`, {
          field: "name",
          cure: "Choose another name, or revoke that one first.",
        });
      if (holding.length >= mostKeys)
        throw new BelayError("conflict", `There are ${mostKeys} keys already.`, {
          field: "name",
          cure: "Revoke one that is not used any more.",
        });
      const at = clock.now();
      const secret = `${prefix}${randomBytes(32).toString("base64url")}`;
      const scopes = [...new Set(body.scopes)];
      const key = {
        ...{ id: ids.next("key"), organizationId, name: body.name, scopes },
        ...{ createdAt: at, lastUsedAt: null, revokedAt: null },
      };
      return { key: { ...(await store.createKey(key, keyDigest(secret), viewer, at)) }, secret };
    },

    /** Programs with it are refused from now on, and their connections end within seconds. Twice is once. */
    async revokeKey(viewer: Viewer, id: KeyId): Promise<void> {
      const known = await Promise.all((await organizationsOf(viewer)).map((it) => store.keys(it)));
      const key = found(
        "key",
        known.flat().find((it) => it.id === id),
        (it) => can.revokeKey(viewer, it),
      );
      await store.revokeKey(key.id, viewer, clock.now());
    },
  };

  async function organizationsOf(viewer: Viewer): Promise<readonly OrganizationId[]> {
    return viewer.role === "provider" ? (await store.organizations()).map(({ id }) => id) : [viewer.organizationId];
  }
}
