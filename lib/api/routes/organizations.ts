import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  applicationId,
  applicationList,
  applicationView,
  changeApplicationBody,
  createApplicationBody,
  createOrganizationBody,
  organizationList,
  organizationView,
} from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const list = createRoute({
  method: "get",
  path: "/organizations",
  summary: "The provider and its customers; a customer sees their own.",
  responses: { 200: json("Organizations", organizationList), ...refused },
});

const create = createRoute({
  method: "post",
  path: "/organizations",
  summary: "Add a customer. For providers.",
  request: { body: body(createOrganizationBody) },
  responses: { 201: json("Added", organizationView), ...refused },
});

const listApplications = createRoute({
  method: "get",
  path: "/applications",
  summary: "Applications, and how each is protected.",
  responses: { 200: json("Applications", applicationList), ...refused },
});

const createApplication = createRoute({
  method: "post",
  path: "/applications",
  summary: "Add an application. It is protected by the provider until somebody chooses otherwise.",
  request: { body: body(createApplicationBody) },
  responses: { 201: json("Added", applicationView), ...refused },
});

const changeApplication = createRoute({
  method: "patch",
  path: "/applications/{id}",
  summary: "Choose who repairs an application. What is left out stays.",
  request: { params: z.object({ id: applicationId }), body: body(changeApplicationBody) },
  responses: { 200: json("As it is now", applicationView), ...refused },
});

export const organizationRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) => c.json({ organizations: await service.organizations(c.var.viewer) }, 200))
    .openapi(create, async (c) => c.json(await service.createOrganization(c.var.viewer, c.req.valid("json")), 201))
    .openapi(listApplications, async (c) => c.json({ applications: await service.applications(c.var.viewer) }, 200))
    .openapi(createApplication, async (c) =>
      c.json(await service.createApplication(c.var.viewer, c.req.valid("json")), 201),
    )
    .openapi(changeApplication, async (c) =>
      c.json(await service.changeApplication(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 200),
    );
