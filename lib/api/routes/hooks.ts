import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { hookBody, hookId, hookList, hookView } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const params = z.object({ id: hookId });

const list = createRoute({
  method: "get",
  path: "/hooks",
  summary: "The provider's own programs for failures.",
  responses: { 200: json("Hooks", hookList), ...refused },
});

const add = createRoute({
  method: "post",
  path: "/hooks",
  summary:
    "Run a program for a failure: instead of Belay's repair, or beside it. It is a file of the server's directory of hooks.",
  request: { body: body(hookBody) },
  responses: { 201: json("Added", hookView), ...refused },
});

const change = createRoute({
  method: "put",
  path: "/hooks/{id}",
  summary: "Replace a hook.",
  request: { params, body: body(hookBody) },
  responses: { 200: json("As it is now", hookView), ...refused },
});

const remove = createRoute({
  method: "delete",
  path: "/hooks/{id}",
  summary: "Remove a hook. Its program stays where it is.",
  request: { params },
  responses: { 204: { description: "Removed" }, ...refused },
});

export const hookRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) => c.json({ hooks: await service.hooks(c.var.viewer) }, 200))
    .openapi(add, async (c) => c.json(await service.addHook(c.var.viewer, c.req.valid("json")), 201))
    .openapi(change, async (c) =>
      c.json(await service.changeHook(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 200),
    )
    .openapi(remove, async (c) => {
      await service.removeHook(c.var.viewer, c.req.valid("param").id);
      return c.body(null, 204);
    });
