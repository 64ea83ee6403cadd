import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { fenceDeviceBody, fenceDeviceId, fenceDeviceList, fenceDeviceView, hostId } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const ofHost = z.object({ id: hostId });
const params = z.object({ id: fenceDeviceId });

const list = createRoute({
  method: "get",
  path: "/hosts/{id}/fence-devices",
  summary: "A host's power switches, in the order in which they are asked. What may be secret comes as (kept secret).",
  request: { params: ofHost },
  responses: { 200: json("Power switches", fenceDeviceList), ...refused },
});

const add = createRoute({
  method: "post",
  path: "/hosts/{id}/fence-devices",
  summary: "Add a power switch. It counts as protection once its test went well.",
  request: { params: ofHost, body: body(fenceDeviceBody) },
  responses: { 201: json("Added, not tested yet", fenceDeviceView), ...refused },
});

const change = createRoute({
  method: "put",
  path: "/fence-devices/{id}",
  summary: "Replace a power switch. An option of (kept secret) keeps its stored value. It is tested anew.",
  request: { params, body: body(fenceDeviceBody) },
  responses: { 200: json("As it is now, not tested yet", fenceDeviceView), ...refused },
});

const remove = createRoute({
  method: "delete",
  path: "/fence-devices/{id}",
  summary: "Remove a power switch.",
  request: { params },
  responses: { 204: { description: "Removed" }, ...refused },
});

export const fenceDeviceRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) =>
      c.json({ fenceDevices: await service.fenceDevices(c.var.viewer, c.req.valid("param").id) }, 200),
    )
    .openapi(add, async (c) =>
      c.json(await service.addFenceDevice(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 201),
    )
    .openapi(change, async (c) =>
      c.json(await service.changeFenceDevice(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 200),
    )
    .openapi(remove, async (c) => {
      await service.removeFenceDevice(c.var.viewer, c.req.valid("param").id);
      return c.body(null, 204);
    });
