import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { type HealthView, healthView, protocolSchemas } from "../contract/index.ts";
import type { Log } from "../engine/ports.ts";
import type { Viewer } from "../model/index.ts";
import type { Service } from "../service/index.ts";
import { json } from "./describe.ts";
import { type ApiEnv, ownOriginOnly, safeHeaders, signedInOnly, smallBodies } from "./guard.ts";
import type { People } from "./people.ts";
import { badInput, onError, refusal } from "./refusal.ts";
import { allocationRoutes } from "./routes/allocations.ts";
import { checkpointAdviceRoutes } from "./routes/checkpoint-advice.ts";
import { checkpointRoutes } from "./routes/checkpoints.ts";
import { cloudRoutes } from "./routes/cloud.ts";
import { conversationRoutes } from "./routes/conversation.ts";
import { endpointRoutes } from "./routes/endpoint.ts";
import { fenceDeviceRoutes } from "./routes/fence-devices.ts";
import { hookRoutes } from "./routes/hooks.ts";
import { hostRoutes } from "./routes/hosts.ts";
import { imageRoutes } from "./routes/images.ts";
import { keyRoutes } from "./routes/keys.ts";
import { maintenanceRoutes } from "./routes/maintenance.ts";
import { organizationRoutes } from "./routes/organizations.ts";
import { peopleRoutes } from "./routes/people.ts";
import { policyRoutes } from "./routes/policy.ts";
import { trafficRoutes } from "./routes/traffic.ts";
import { vmRoutes } from "./routes/vms.ts";

export interface ApiOptions {
  readonly service: Service;
  readonly people: People;
  /** better-auth's own routes. */
  readonly auth: { handler(request: Request): Promise<Response> };
  viewerOf(headers: Headers): Promise<Viewer | undefined>;
  readonly origins: ReadonlySet<string>;
  health(): HealthView;
  /** Called after somebody signed out, or sessions were ended for them, so that their live connections end. */
  onSignOut(): void;
  readonly log: Log;
}

/** A changed password ends the person's other sessions, where the page asks for that. */
const endsSessions = ["/sign-out", "/change-password"];

const health = createRoute({
  method: "get",
  path: "/health",
  summary: "Whether Belay is at work. For anybody.",
  security: [],
  responses: { 200: json("Its state", healthView) },
});

const schemas = createRoute({
  method: "get",
  path: "/collaboration/schemas",
  summary: "JSON Schemas of all messages of the collaboration protocol (docs/protocol.md). For anybody.",
  security: [],
  responses: { 200: { description: "application/json: the schemas by name, and the table of the joint diagnosis" } },
});

const document: Parameters<OpenAPIHono["getOpenAPI31Document"]>[0] = {
  openapi: "3.1.0",
  info: {
    title: "Belay",
    version: "1",
    description:
      "Every refusal is {error: {code, message, field?, cure?}}. Instants are milliseconds since 1970. A person has a cookie of " +
      "/api/auth/sign-in/email; a program on the server's machine sends the operator's token, a customer's program a key of its organization.",
  },
  servers: [{ url: "/api/v1" }],
  security: [{ operator: [] }, { key: [] }, { session: [] }],
};

/** HTTP: /api/v1 from the contract, /api/auth by better-auth. A route reads: parse, may, call, reply; all but the first is the service. */
export function createApi(options: ApiOptions): { fetch(request: Request): Promise<Response> } {
  const { service, auth, log } = options;
  const v1 = new OpenAPIHono<ApiEnv>({
    defaultHook: (result, c) =>
      result.success ? undefined : c.json(badInput(result.error.issues, result.target), 400),
  });
  v1.openAPIRegistry.registerComponent("securitySchemes", "operator", { type: "http", scheme: "bearer" });
  v1.openAPIRegistry.registerComponent("securitySchemes", "key", {
    type: "http",
    scheme: "bearer",
    description: "blk_…, made by POST /keys. What it may do, its scopes say.",
  });
  v1.openAPIRegistry.registerComponent("securitySchemes", "session", {
    type: "apiKey",
    in: "cookie",
    name: "belay.session_token",
  });
  v1.openapi(health, (c) => c.json(options.health(), 200));
  v1.openapi(schemas, (c) => c.json(protocolSchemas()));
  v1.get("/openapi.json", (c) => c.json(v1.getOpenAPI31Document(document)));
  v1.use(signedInOnly(options.viewerOf));
  cloudRoutes(v1, service);
  hostRoutes(v1, service);
  fenceDeviceRoutes(v1, service);
  maintenanceRoutes(v1, service);
  policyRoutes(v1, service);
  hookRoutes(v1, service);
  organizationRoutes(v1, service);
  peopleRoutes(v1, options.people, options.onSignOut);
  vmRoutes(v1, service);
  checkpointRoutes(v1, service);
  checkpointAdviceRoutes(v1, service);
  trafficRoutes(v1, service);
  keyRoutes(v1, service);
  imageRoutes(v1, service);
  allocationRoutes(v1, service);
  endpointRoutes(v1, service);
  conversationRoutes(v1, service);

  const app = new OpenAPIHono();
  app.onError(onError(log));
  app.notFound((c) => c.json(refusal("not-found", `There is no ${c.req.method} ${c.req.path}.`), 404));
  app.use(...safeHeaders, smallBodies, ownOriginOnly(options.origins));
  app.all("/api/auth/*", async (c) => {
    const response = await auth.handler(c.req.raw);
    if (endsSessions.some((end) => c.req.path.endsWith(end))) options.onSignOut();
    return response;
  });
  app.route("/api/v1", v1);
  return { fetch: async (request) => app.fetch(request) };
}
