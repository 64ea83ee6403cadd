import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import type { Viewer } from "../model/index.ts";
import { notSignedIn, refusal } from "./refusal.ts";

/** What routes know of their request. */
export interface ApiEnv {
  Variables: { viewer: Viewer };
}

const maxBodyBytes = 256 * 1024;

export const smallBodies = bodyLimit({
  maxSize: maxBodyBytes,
  onError: (c) =>
    c.json(
      refusal("too-large", `The body is larger than ${maxBodyBytes / 1024} KiB.`, {
        field: "body",
        cure: "Send it in parts.",
      }),
      413,
    ),
});

export const safeHeaders: MiddlewareHandler[] = [
  secureHeaders({
    contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    strictTransportSecurity: false, // Belay speaks plain HTTP; a proxy that adds TLS says this itself
    xFrameOptions: "DENY",
  }),
  async (c, next) => {
    await next();
    c.header("cache-control", "no-store");
  },
];

const reads = new Set(["GET", "HEAD", "OPTIONS"]);

/** A page of another origin can send a viewer's cookie, but cannot send an Origin of ours. Programs with a token have no cookie. */
export const ownOriginOnly =
  (origins: ReadonlySet<string>): MiddlewareHandler =>
  async (c, next) => {
    const origin = c.req.header("origin");
    const own = origin === undefined ? c.req.header("sec-fetch-site") === "same-origin" : origins.has(origin);
    if (reads.has(c.req.method) || c.req.header("authorization") !== undefined || own) return next();
    return c.json(
      refusal("not-allowed", `Requests from ${origin ?? "an unknown origin"} are refused.`, {
        field: "Origin",
        cure: "Open Belay under its own address, or name the address in BELAY_ORIGINS.",
      }),
      403,
    );
  };

export const signedInOnly =
  (viewerOf: (headers: Headers) => Promise<Viewer | undefined>): MiddlewareHandler<ApiEnv> =>
  async (c, next) => {
    const viewer = await viewerOf(c.req.raw.headers);
    if (viewer === undefined) return c.json(notSignedIn, 401);
    c.set("viewer", viewer);
    return next();
  };
