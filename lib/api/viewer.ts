import { createHash, timingSafeEqual } from "node:crypto";
import { userId } from "../contract/index.ts";
import type { ApiKey, Organization, Viewer } from "../model/index.ts";
import { isKeySecret, keyDigest } from "../service/index.ts";
import type { Auth } from "./auth.ts";

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Takes as long for a wrong token as for a right one. */
const sameToken = (one: string, other: string) => timingSafeEqual(digest(one), digest(other));

const bearer = (headers: Headers) => /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];

/**
 * Who asks: the operator, by the token that only this machine's administrator can read, a program by its organization's key, or a person
 * by session cookie. A token that is wrong is nobody, whatever cookie comes with it.
 */
export function viewerSource(options: {
  readonly auth: Auth;
  readonly operatorToken: string;
  organizations(): Promise<readonly Organization[]>;
  /** The key with this digest that holds. */
  keyByDigest(digest: string): Promise<ApiKey | undefined>;
}): (headers: Headers) => Promise<Viewer | undefined> {
  const { auth, operatorToken } = options;
  let organizations: readonly Organization[] = [];

  /** An organization's role never changes, so they are read again only for one that is not known yet. */
  const organization = async (is: (it: Organization) => boolean) => {
    const known = organizations.find(is);
    if (known !== undefined) return known;
    organizations = await options.organizations();
    return organizations.find(is);
  };

  async function byKey(secret: string): Promise<Viewer | undefined> {
    const key = await options.keyByDigest(keyDigest(secret));
    if (key === undefined) return undefined;
    const own = await organization(({ id }) => id === key.organizationId);
    if (own === undefined || own.role === "provider") return undefined; // keys are customers'
    const { id, scopes } = key;
    return { userId: null, name: `key ${key.name}`, organizationId: own.id, role: own.role, key: { id, scopes } };
  }

  return async (headers) => {
    if (headers.has("authorization")) {
      const token = bearer(headers) ?? "";
      if (isKeySecret(token)) return byKey(token);
      if (!sameToken(token, operatorToken)) return undefined;
      const provider = await organization(({ role }) => role === "provider");
      return provider && { userId: null, name: "operator", organizationId: provider.id, role: "provider" };
    }
    if (!headers.has("cookie")) return undefined;
    const session = await auth.api.getSession({ headers });
    if (session === null) return undefined;
    const own = await organization(({ id }) => id === session.user.organizationId);
    return (
      own && { userId: userId.parse(session.user.id), name: session.user.name, organizationId: own.id, role: own.role }
    );
  };
}
