import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { changePolicyBody, policyView } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const read = createRoute({
  method: "get",
  path: "/policy",
  summary: "What the provider set for the whole cloud.",
  responses: { 200: json("The policy", policyView), ...refused },
});

const change = createRoute({
  method: "patch",
  path: "/policy",
  summary: "Set overcommit, storm guard, leases and the rest for the whole cloud. What is left out stays.",
  request: { body: body(changePolicyBody) },
  responses: { 200: json("As it is now", policyView), ...refused },
});

export const policyRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(read, async (c) => c.json(await service.policy(c.var.viewer), 200))
    .openapi(change, async (c) => c.json(await service.changePolicy(c.var.viewer, c.req.valid("json")), 200));
