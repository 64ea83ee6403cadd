import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  checkpointId,
  checkpointList,
  checkpointView,
  intentAccepted,
  keepCheckpointBody,
  restoreBesideBody,
  restoreCheckpointBody,
  vmId,
} from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, idempotency, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const params = z.object({ id: checkpointId });

const list = createRoute({
  method: "get",
  path: "/vms/{id}/checkpoints",
  summary: "The saved states of a VM, newest first, and how the protection by them really stands.",
  request: {
    params: z.object({ id: vmId }),
    query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }),
  },
  responses: { 200: json("Saved states", checkpointList), ...refused },
});

const take = createRoute({
  method: "post",
  path: "/vms/{id}/checkpoints",
  summary: "Save the state of a VM now. It is kept until a person lets it go.",
  request: { params: z.object({ id: vmId }), headers: idempotency },
  responses: { 202: json("Written down; it will be done", intentAccepted), ...refused },
});

const restore = createRoute({
  method: "post",
  path: "/checkpoints/{id}/restore",
  summary:
    "Let the VM go back to this state: what it did since then is lost. The provider needs the owner's consent roll-back; nobody may where the " +
    "owner declared the VM rollback-intolerant.",
  request: { params, headers: idempotency, body: body(restoreCheckpointBody) },
  responses: { 202: json("Written down; it will be done", intentAccepted), ...refused },
});

const beside = createRoute({
  method: "post",
  path: "/checkpoints/{id}/restore-beside",
  summary: "Begin another VM from this state, cut off from the network, to look inside. The VM itself is not touched.",
  request: { params, headers: idempotency, body: body(restoreBesideBody) },
  responses: { 202: json("Written down; it will be done", intentAccepted), ...refused },
});

const keep = createRoute({
  method: "post",
  path: "/checkpoints/{id}/keep",
  summary: "Keep a saved state until a person lets it go, or let it go.",
  request: { params, body: body(keepCheckpointBody) },
  responses: { 200: json("As it is now", checkpointView), ...refused },
});

export const checkpointRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) =>
      c.json(await service.checkpoints(c.var.viewer, c.req.valid("param").id, c.req.valid("query").limit), 200),
    )
    .openapi(take, async (c) => {
      const key = c.req.valid("header")["idempotency-key"];
      return c.json({ intentId: await service.takeCheckpoint(c.var.viewer, c.req.valid("param").id, key) }, 202);
    })
    .openapi(restore, async (c) => {
      const key = c.req.valid("header")["idempotency-key"];
      return c.json({ intentId: await service.restoreCheckpoint(c.var.viewer, c.req.valid("param").id, key) }, 202);
    })
    .openapi(beside, async (c) => {
      const wish = { ...c.req.valid("json"), key: c.req.valid("header")["idempotency-key"] };
      return c.json({ intentId: await service.restoreBeside(c.var.viewer, c.req.valid("param").id, wish) }, 202);
    })
    .openapi(keep, async (c) => {
      const { kept } = c.req.valid("json");
      return c.json(await service.keepCheckpoint(c.var.viewer, c.req.valid("param").id, kept), 200);
    });
