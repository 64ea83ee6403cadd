import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { endpointReply, endpointTested, newEndpointReply, putEndpointBody } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, ofOrganization, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const read = createRoute({
  method: "get",
  path: "/endpoint",
  summary: "Where messages go while no manager is connected, and how the last delivery went.",
  request: { query: ofOrganization },
  responses: { 200: json("The endpoint; null where none is set", endpointReply), ...refused },
});

const put = createRoute({
  method: "put",
  path: "/endpoint",
  summary:
    "Deliver messages to this address, signed as Standard Webhooks. The secret is told this once, and null where it stays as it was: for the " +
    "same address without `newSecret`. For customers.",
  request: { body: body(putEndpointBody) },
  responses: { 200: json("Set", newEndpointReply), ...refused },
});

const remove = createRoute({
  method: "delete",
  path: "/endpoint",
  summary: "Deliver nowhere. For customers.",
  responses: { 204: { description: "Removed" }, ...refused },
});

const test = createRoute({
  method: "post",
  path: "/endpoint/test",
  summary: "Send a signed message of type belay.endpoint.test.v1 now, and say what was answered. For customers.",
  responses: { 200: json("How it went", endpointTested), ...refused },
});

export const endpointRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(read, async (c) => {
      const { organizationId } = c.req.valid("query");
      return c.json({ endpoint: await service.endpoint(c.var.viewer, organizationId) }, 200);
    })
    .openapi(put, async (c) => c.json(await service.putEndpoint(c.var.viewer, c.req.valid("json")), 200))
    .openapi(remove, async (c) => {
      await service.removeEndpoint(c.var.viewer);
      return c.body(null, 204);
    })
    .openapi(test, async (c) => c.json(await service.testEndpoint(c.var.viewer), 200));
