import { betterAuth } from "better-auth";
import { APIError } from "better-auth/api";
import type pg from "pg";
import type { Ids, Log } from "../engine/ports.ts";
import type { OrganizationId } from "../model/index.ts";

/** The header in which our own HTTP server says who is at the other end; it overwrites what a client sends under this name. */
export const peerHeader = "x-belay-peer";

/** Sign-ins from one address per minute. A person mistypes a few times; a test signs in a dozen times; a guesser needs millions. */
const signInsPerMinute = 60;

export interface AuthOptions {
  readonly pool: pg.Pool;
  /** At least 32 random characters, kept over restarts: sessions are signed with it. */
  readonly secret: string;
  readonly origins: ReadonlySet<string>;
  readonly baseUrl: string;
  readonly ids: Ids;
  readonly log: Log;
}

const makeAuth = ({ pool, secret, origins, baseUrl, ids, log }: AuthOptions) =>
  betterAuth({
    appName: "Belay",
    baseURL: baseUrl,
    basePath: "/api/auth",
    secret,
    trustedOrigins: [...origins],
    database: pool,
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength: 12 },
    user: { additionalFields: { organizationId: { type: "string", required: true, input: false } } },
    session: { cookieCache: { enabled: false } }, // a session that ended is over at once
    rateLimit: {
      enabled: true,
      window: 60,
      max: 600,
      customRules: { "/sign-in/email": { window: 60, max: signInsPerMinute }, "/get-session": false },
    },
    advanced: {
      cookiePrefix: "belay",
      useSecureCookies: baseUrl.startsWith("https:"),
      ipAddress: { ipAddressHeaders: [peerHeader] },
      database: { generateId: ({ model }) => (model === "user" ? ids.next("usr") : crypto.randomUUID()) },
    },
    telemetry: { enabled: false },
    logger: {
      level: "warn",
      log: (level, message) => (level === "error" ? log.error(message) : log.warn(message)),
    },
    onAPIError: {
      onError(error) {
        if (!(error instanceof APIError)) log.error("signing in failed inside", { error });
      },
    },
  });

export type Auth = ReturnType<typeof makeAuth>;

/** E-mail, password and cookie sessions, in the tables of the same database. Nobody signs up by themselves. */
export const createAuth = (options: AuthOptions): Auth => makeAuth(options);

/** Makes a person who can sign in, if there is none with this e-mail. True when it was made. */
export async function ensurePerson(
  auth: Auth,
  person: { name: string; email: string; password: string; organizationId: OrganizationId },
): Promise<boolean> {
  const { internalAdapter, password } = await auth.$context;
  const { name, email, organizationId } = person;
  const known = await internalAdapter.findUserByEmail(email, { includeAccounts: true });
  if (known !== null && known.accounts.length > 0) return false;
  const user =
    known?.user ??
    (await internalAdapter.createUser(
      { name, email, emailVerified: true, organizationId },
      { method: "email-password" },
    ));
  await internalAdapter.linkAccount({
    userId: user.id,
    providerId: "credential",
    accountId: user.id,
    password: await password.hash(person.password),
  });
  return true;
}
