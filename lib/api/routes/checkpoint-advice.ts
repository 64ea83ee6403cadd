import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { applicationId, checkpointAdvice, checkpointAdviceQuery, vmId } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const ofVm = createRoute({
  method: "get",
  path: "/vms/{id}/checkpoint-advice",
  summary: "What an interval of checkpoints would mean for a VM, and which is advised. Nothing is changed.",
  request: { params: z.object({ id: vmId }), query: checkpointAdviceQuery },
  responses: { 200: json("Advice", checkpointAdvice), ...refused },
});

const ofApplication = createRoute({
  method: "get",
  path: "/applications/{id}/checkpoint-advice",
  summary: "The same for an application: of its VM that would bear most.",
  request: { params: z.object({ id: applicationId }), query: checkpointAdviceQuery },
  responses: { 200: json("Advice", checkpointAdvice), ...refused },
});

export const checkpointAdviceRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(ofVm, async (c) =>
      c.json(await service.checkpointAdvice(c.var.viewer, c.req.valid("param").id, c.req.valid("query")), 200),
    )
    .openapi(ofApplication, async (c) =>
      c.json(
        await service.applicationCheckpointAdvice(c.var.viewer, c.req.valid("param").id, c.req.valid("query")),
        200,
      ),
    );
