import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  changeVmBody,
  intentAccepted,
  intentId,
  intentView,
  killVmBody,
  vmId,
  vmList,
  vmView,
} from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, idempotency, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const params = z.object({ id: vmId });

const list = createRoute({
  method: "get",
  path: "/vms",
  summary: "The VMs that the viewer may see.",
  responses: { 200: json("VMs", vmList), ...refused },
});

const one = createRoute({
  method: "get",
  path: "/vms/{id}",
  summary: "One VM.",
  request: { params },
  responses: { 200: json("The VM", vmView), ...refused },
});

const change = createRoute({
  method: "patch",
  path: "/vms/{id}",
  summary: "Say whose a VM is, how it answers, what may be done to it. What is left out stays.",
  request: { params, body: body(changeVmBody) },
  responses: { 200: json("As it is now", vmView), ...refused },
});

const kill = createRoute({
  method: "post",
  path: "/vms/{id}/kill",
  summary: "Kill the process that carries a VM, in the run that the person saw. For providers, on hosts that allow it.",
  request: { params, headers: idempotency, body: body(killVmBody) },
  responses: { 202: json("Written down; it will be done", intentAccepted), ...refused },
});

const intent = createRoute({
  method: "get",
  path: "/intents/{id}",
  summary: "How something that was asked for went.",
  request: { params: z.object({ id: intentId }) },
  responses: { 200: json("Its outcome, once it ended", intentView), ...refused },
});

export const vmRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) => c.json({ vms: await service.vms(c.var.viewer) }, 200))
    .openapi(one, async (c) => c.json(await service.vm(c.var.viewer, c.req.valid("param").id), 200))
    .openapi(change, async (c) =>
      c.json(await service.changeVm(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 200),
    )
    .openapi(kill, async (c) => {
      const wish = { ...c.req.valid("json"), key: c.req.valid("header")["idempotency-key"] };
      return c.json({ intentId: await service.killVm(c.var.viewer, c.req.valid("param").id, wish) }, 202);
    })
    .openapi(intent, async (c) => c.json(await service.intent(c.var.viewer, c.req.valid("param").id), 200));
