import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { beginMaintenanceBody, drainPreview, hostId, maintenanceList, maintenanceView } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const params = z.object({ id: hostId });

const list = createRoute({
  method: "get",
  path: "/maintenances",
  summary: "Maintenance of hosts, newest first, with each VM's way off its host.",
  responses: { 200: json("Maintenances", maintenanceList), ...refused },
});

const preview = createRoute({
  method: "get",
  path: "/hosts/{id}/maintenance/preview",
  summary:
    "Which VM would move where, and which would stay and why, if the host's maintenance began now. Keeps nothing.",
  request: { params },
  responses: { 200: json("What would happen", drainPreview), ...refused },
});

const begin = createRoute({
  method: "post",
  path: "/hosts/{id}/maintenance",
  summary:
    "Take a host out of use and move its VMs off it while they run. Nothing is repaired against it until it ends.",
  request: { params, body: body(beginMaintenanceBody) },
  responses: { 201: json("Begun", maintenanceView), ...refused },
});

const end = createRoute({
  method: "delete",
  path: "/hosts/{id}/maintenance",
  summary: "Use the host again.",
  request: { params },
  responses: { 200: json("Ended", maintenanceView), ...refused },
});

export const maintenanceRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) => c.json({ maintenances: await service.maintenances(c.var.viewer) }, 200))
    .openapi(preview, async (c) => c.json(await service.previewMaintenance(c.var.viewer, c.req.valid("param").id), 200))
    .openapi(begin, async (c) =>
      c.json(await service.beginMaintenance(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 201),
    )
    .openapi(end, async (c) => c.json(await service.endMaintenance(c.var.viewer, c.req.valid("param").id), 200));
