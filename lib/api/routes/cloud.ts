import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { cloudView, incidentId, incidentList, incidentView, vmId } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const cloud = createRoute({
  method: "get",
  path: "/cloud",
  summary: "Everything that the viewer may see, true as of event number seq.",
  responses: { 200: json("The cloud", cloudView), ...refused },
});

const incidents = createRoute({
  method: "get",
  path: "/incidents",
  summary: "Incidents, newest first.",
  request: {
    query: z.object({ vmId: vmId.optional(), limit: z.coerce.number().int().min(1).max(500).default(50) }),
  },
  responses: { 200: json("Incidents", incidentList), ...refused },
});

const incident = createRoute({
  method: "get",
  path: "/incidents/{id}",
  summary: "One incident with its evidence, repairs and their steps.",
  request: { params: z.object({ id: incidentId }) },
  responses: { 200: json("The incident", incidentView), ...refused },
});

export const cloudRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(cloud, async (c) => c.json(await service.cloud(c.var.viewer), 200))
    .openapi(incidents, async (c) =>
      c.json({ incidents: await service.incidents(c.var.viewer, c.req.valid("query")) }, 200),
    )
    .openapi(incident, async (c) => c.json(await service.incident(c.var.viewer, c.req.valid("param").id), 200));
