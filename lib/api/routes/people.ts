import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { addPersonBody, newPasswordBody, peopleList, personWithPassword } from "../../contract/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";
import type { People } from "../people.ts";

const list = createRoute({
  method: "get",
  path: "/people",
  summary: "Who may sign in. For providers.",
  responses: { 200: json("People, by e-mail", peopleList), ...refused },
});

const add = createRoute({
  method: "post",
  path: "/people",
  summary: "Add a person, with a password that is told once. For providers.",
  request: { body: body(addPersonBody) },
  responses: { 201: json("Added", personWithPassword), ...refused },
});

const password = createRoute({
  method: "post",
  path: "/people/password",
  summary: "Give a person a new password, which is told once. It ends their sessions. For providers.",
  request: { body: body(newPasswordBody) },
  responses: { 200: json("The new password", personWithPassword), ...refused },
});

/** `onSessionsEnded`: live connections of sessions that are over must end too. */
export const peopleRoutes = (app: OpenAPIHono<ApiEnv>, people: People, onSessionsEnded: () => void) =>
  app
    .openapi(list, async (c) => c.json({ people: await people.all(c.var.viewer) }, 200))
    .openapi(add, async (c) => {
      const { organizationId, ...wish } = c.req.valid("json");
      return c.json(await people.add(c.var.viewer, { ...wish, ...(organizationId && { organizationId }) }), 201);
    })
    .openapi(password, async (c) => {
      const done = await people.newPassword(c.var.viewer, c.req.valid("json").email);
      onSessionsEnded();
      return c.json(done, 200);
    });
