import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { imageId, imageList, imageView, putImageBody } from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const params = z.object({ id: imageId });

const list = createRoute({
  method: "get",
  path: "/images",
  summary: "What VMs can be made from.",
  responses: { 200: json("Images", imageList), ...refused },
});

const add = createRoute({
  method: "post",
  path: "/images",
  summary: "Add an image. For providers: the file is below a path that all hosts share.",
  request: { body: body(putImageBody) },
  responses: { 201: json("Added", imageView), ...refused },
});

const change = createRoute({
  method: "put",
  path: "/images/{id}",
  summary: "Replace what is known of an image. For providers.",
  request: { params, body: body(putImageBody) },
  responses: { 200: json("As it is now", imageView), ...refused },
});

const remove = createRoute({
  method: "delete",
  path: "/images/{id}",
  summary: "Forget an image that no VM is made from. Its file stays. For providers.",
  request: { params },
  responses: { 204: { description: "Forgotten" }, ...refused },
});

export const imageRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) => c.json({ images: await service.images(c.var.viewer) }, 200))
    .openapi(add, async (c) => c.json(await service.addImage(c.var.viewer, c.req.valid("json")), 201))
    .openapi(change, async (c) =>
      c.json(await service.changeImage(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 200),
    )
    .openapi(remove, async (c) => {
      await service.removeImage(c.var.viewer, c.req.valid("param").id);
      return c.body(null, 204);
    });
