import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { cloudView, incidentId, incidentList, incidentView, sayOffBody, vmId } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
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

const approve = createRoute({
  method: "post",
  path: "/incidents/{id}/approve",
  summary: "Let Belay go on where it held back because so much failed at once. For providers.",
  request: { params: z.object({ id: incidentId }) },
  responses: { 200: json("As it is now", incidentView), ...refused },
});

const off = createRoute({
  method: "post",
  path: "/incidents/{id}/off",
  summary:
    "Say that the host of this incident is off and is kept off: a person's proof, where no power switch and no lease gives one. Its VMs " +
    "are then started elsewhere. If the host is in fact running, two copies of each VM destroy its data. For providers.",
  request: { params: z.object({ id: incidentId }), body: body(sayOffBody) },
  responses: { 200: json("As it is now", incidentView), ...refused },
});

export const cloudRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(cloud, async (c) => c.json(await service.cloud(c.var.viewer), 200))
    .openapi(incidents, async (c) =>
      c.json({ incidents: await service.incidents(c.var.viewer, c.req.valid("query")) }, 200),
    )
    .openapi(incident, async (c) => c.json(await service.incident(c.var.viewer, c.req.valid("param").id), 200))
    .openapi(approve, async (c) => c.json(await service.approveIncident(c.var.viewer, c.req.valid("param").id), 200))
    .openapi(off, async (c) => c.json(await service.sayHostOff(c.var.viewer, c.req.valid("param").id), 200));
