import pg from "pg";
import type { Log } from "../engine/ports.ts";
import type { OrganizationId } from "../model/index.ts";
import { type TestCloud, testCloud } from "../service/testing/cloud.ts";
import { createApi, createAuth, createPeople, ensurePerson, originsOf, peerHeader, viewerSource } from "./index.ts";

export const origin = "http://127.0.0.1:3000";
export const operatorToken = "operator-token-for-tests";
export const password = "correct horse battery";

/** The API on a real database, with a person for the provider and one for each customer. */
export async function testApi(log: Log = { info() {}, warn() {}, error() {} }) {
  const cloud: TestCloud = await testCloud();
  const pool = new pg.Pool({ connectionString: cloud.databaseUrl, max: 4 });
  pool.on("error", () => {}); // the database goes before the last idle connection does
  const origins = originsOf({ host: "127.0.0.1", port: 3000 });
  const auth = createAuth({ pool, secret: "s".repeat(40), origins, baseUrl: origin, ids: cloud.ids, log });
  const person = (name: string, organizationId: OrganizationId) =>
    ensurePerson(auth, { name, email: `${name}@example.test`, password, organizationId });
  await person("admin", cloud.admin.organizationId);
  await person("ada", cloud.aster.organizationId);
  await person("ben", cloud.birch.organizationId);
  const viewerOf = viewerSource({
    auth,
    operatorToken,
    organizations: () => cloud.store.service.organizations(),
    keyByDigest: (digest) => cloud.store.service.keyByDigest(digest, Date.now()),
  });
  const signedOut: number[] = [];
  const people = createPeople({ auth, store: cloud.store.service, clock: { now: Date.now } });
  const api = createApi({
    service: cloud.service,
    people,
    auth,
    viewerOf,
    origins,
    health: () => ({ ready: true, simulated: false, roles: ["web"] }),
    onSignOut: () => signedOut.push(Date.now()),
    log,
  });

  const send = (method: string, path: string, headers: Record<string, string>, sent?: unknown): Promise<Response> =>
    api.fetch(
      new Request(`${origin}${path}`, {
        method,
        headers: {
          [peerHeader]: "127.0.0.1",
          ...headers,
          ...(sent !== undefined && { "content-type": "application/json" }),
        },
        ...(sent !== undefined && { body: typeof sent === "string" ? sent : JSON.stringify(sent) }),
      }),
    );

  return {
    cloud,
    auth,
    people,
    viewerOf,
    signedOut,
    fetch: api.fetch,
    send,
    person,
    asOperator: { authorization: `Bearer ${operatorToken}` },
    signIn: (name: string, secret = password, peer = "127.0.0.1"): Promise<Response> =>
      send(
        "POST",
        "/api/auth/sign-in/email",
        { origin, [peerHeader]: peer },
        { email: `${name}@example.test`, password: secret },
      ),
    /** Headers of a page of ours in which the person is signed in. */
    async session(name: string): Promise<{ cookie: string; origin: string }> {
      const reply = await this.signIn(name);
      const cookie = reply.headers
        .getSetCookie()
        .map((line) => line.split(";")[0])
        .join("; ");
      return { cookie, origin };
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await cloud[Symbol.asyncDispose]();
    },
  };
}
