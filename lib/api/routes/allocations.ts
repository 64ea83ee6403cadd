import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { allocateBody, allocationId, allocationList, allocationView, vmId } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, idempotency, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const list = createRoute({
  method: "get",
  path: "/allocations",
  summary: "VMs that Belay made, makes or takes away, newest first.",
  responses: { 200: json("Allocations", allocationList), ...refused },
});

const one = createRoute({
  method: "get",
  path: "/allocations/{id}",
  summary: "What became of one.",
  request: { params: z.object({ id: allocationId }) },
  responses: { 200: json("The allocation", allocationView), ...refused },
});

const allocate = createRoute({
  method: "post",
  path: "/allocations",
  summary:
    "Make a VM with these features from an image, and start it. VMs of one group `apart` are put on different hosts.",
  request: { headers: idempotency, body: body(allocateBody) },
  responses: { 202: json("Written down, with its address; it will be made", allocationView), ...refused },
});

const free = createRoute({
  method: "delete",
  path: "/vms/{id}",
  summary: "Switch off a VM that Belay made, and take it away with its disk. Twice is once.",
  request: { params: z.object({ id: vmId }) },
  responses: { 202: json("Written down; it will be taken away", allocationView), ...refused },
});

export const allocationRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) => c.json({ allocations: await service.allocations(c.var.viewer) }, 200))
    .openapi(one, async (c) => c.json(await service.allocation(c.var.viewer, c.req.valid("param").id), 200))
    .openapi(allocate, async (c) => {
      const wish = { ...c.req.valid("json"), key: c.req.valid("header")["idempotency-key"] };
      return c.json(await service.allocate(c.var.viewer, wish), 202);
    })
    .openapi(free, async (c) => c.json(await service.freeVm(c.var.viewer, c.req.valid("param").id), 202));
