import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { createKeyBody, keyId, keyList, newKeyReply } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, ofOrganization, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const list = createRoute({
  method: "get",
  path: "/keys",
  summary: "The organization's keys, the revoked ones too. Not their secrets.",
  request: { query: ofOrganization },
  responses: { 200: json("Keys", keyList), ...refused },
});

const create = createRoute({
  method: "post",
  path: "/keys",
  summary: "Make a key for a program of one's own organization. For customers. Its secret is told this once.",
  request: { body: body(createKeyBody) },
  responses: { 201: json("Made", newKeyReply), ...refused },
});

const revoke = createRoute({
  method: "delete",
  path: "/keys/{id}",
  summary: "Refuse a key from now on. Twice is once.",
  request: { params: z.object({ id: keyId }) },
  responses: { 204: { description: "Revoked" }, ...refused },
});

export const keyRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) =>
      c.json({ keys: await service.keys(c.var.viewer, c.req.valid("query").organizationId) }, 200),
    )
    .openapi(create, async (c) => c.json(await service.createKey(c.var.viewer, c.req.valid("json")), 201))
    .openapi(revoke, async (c) => {
      await service.revokeKey(c.var.viewer, c.req.valid("param").id);
      return c.body(null, 204);
    });
