import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  conversationList,
  conversationMessageView,
  customerEvent,
  incidentId,
  managerReply,
  offerView,
  sensorsBody,
  standingBody,
  standingReply,
} from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, ofOrganization, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const ofIncident = createRoute({
  method: "get",
  path: "/incidents/{id}/conversation",
  summary: "What provider and customer said about an incident, oldest first.",
  request: { params: z.object({ id: incidentId }) },
  responses: { 200: json("Messages", conversationList), ...refused },
});

const own = createRoute({
  method: "get",
  path: "/conversation",
  summary: "What both said outside of incidents: the newest 200, oldest first.",
  request: { query: ofOrganization },
  responses: { 200: json("Messages", conversationList), ...refused },
});

const say = createRoute({
  method: "post",
  path: "/collaboration/messages",
  summary:
    "Say something to the provider: a CloudEvent as over the WebSocket /manager. For customers with an endpoint instead, and for " +
    "people. The same id twice is one message.",
  request: { body: body(customerEvent) },
  responses: { 202: json("Taken", conversationMessageView), ...refused },
});

const sensors = createRoute({
  method: "post",
  path: "/collaboration/sensors",
  summary:
    "What all sensors of an application say now, every few seconds: for programs behind an endpoint. Taken while Belay's messages " +
    "arrive there and no manager is connected over the WebSocket.",
  request: { body: body(sensorsBody) },
  responses: { 204: { description: "Taken" }, ...refused },
});

const standing = createRoute({
  method: "post",
  path: "/collaboration/standing",
  summary:
    "A manager behind an endpoint asks for the right to act, every few seconds: of several of one organization one is active, and the " +
    "others stand by. It may act for `leaseMs` from when it asked.",
  request: { body: body(standingBody) },
  responses: { 200: json("Whether it may act", standingReply), ...refused },
});

const manager = createRoute({
  method: "get",
  path: "/manager",
  summary: "The organization's manager as it is heard, and what its sensors said last.",
  request: { query: ofOrganization },
  responses: { 200: json("The manager; null where there never was one", managerReply), ...refused },
});

const offer = createRoute({
  method: "get",
  path: "/offer",
  summary: "Within which limits the provider lets customers choose.",
  responses: { 200: json("The offer", offerView), ...refused },
});

export const conversationRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(ofIncident, async (c) =>
      c.json({ messages: await service.incidentConversation(c.var.viewer, c.req.valid("param").id) }, 200),
    )
    .openapi(own, async (c) => {
      const { organizationId } = c.req.valid("query");
      return c.json({ messages: await service.conversation(c.var.viewer, organizationId) }, 200);
    })
    .openapi(say, async (c) => c.json(await service.sayToProvider(c.var.viewer, c.req.valid("json")), 202))
    .openapi(sensors, async (c) => {
      await service.reportSensors(c.var.viewer, c.req.valid("json"));
      return c.body(null, 204);
    })
    .openapi(standing, async (c) => c.json(await service.standForCustomer(c.var.viewer, c.req.valid("json")), 200))
    .openapi(manager, async (c) =>
      c.json(await service.manager(c.var.viewer, c.req.valid("query").organizationId), 200),
    )
    .openapi(offer, async (c) => c.json(await service.offer(c.var.viewer), 200));
