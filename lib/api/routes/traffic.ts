import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { applicationId, trafficBody, trafficKept, trafficList } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const record = createRoute({
  method: "post",
  path: "/traffic",
  summary: "What the traffic source counted. For the source alone, with the operator's token.",
  request: { body: body(trafficBody) },
  responses: { 200: json("How many samples were kept", trafficKept), ...refused },
});

const read = createRoute({
  method: "get",
  path: "/applications/{id}/traffic",
  summary: "An application's last seconds of traffic, at most 15 minutes. Kept in memory only.",
  request: {
    params: z.object({ id: applicationId }),
    query: z.object({ seconds: z.coerce.number().int().min(1).max(900).default(300) }),
  },
  responses: { 200: json("A sample per second, oldest first", trafficList), ...refused },
});

export const trafficRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(record, async (c) =>
      c.json({ kept: await service.recordTraffic(c.var.viewer, c.req.valid("json").samples) }, 200),
    )
    .openapi(read, async (c) => {
      const { id } = c.req.valid("param");
      return c.json({ samples: await service.traffic(c.var.viewer, id, c.req.valid("query").seconds) }, 200);
    });
