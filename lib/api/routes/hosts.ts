import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  changeHostBody,
  enrolHostBody,
  enrolHostReply,
  examineHostBody,
  hostExamination,
  hostId,
  hostList,
  hostView,
  type InstallLine,
  installHelperBody,
} from "../../contract/index.ts";
import type { Service } from "../../service/index.ts";
import { body, json, refused } from "../describe.ts";
import type { ApiEnv } from "../guard.ts";

const list = createRoute({
  method: "get",
  path: "/hosts",
  summary: "The hosts that Belay watches. For providers.",
  responses: { 200: json("All hosts", hostList), ...refused },
});

const examine = createRoute({
  method: "post",
  path: "/hosts/examine",
  summary: "What Belay finds at an address. Keeps nothing.",
  request: { body: body(examineHostBody) },
  responses: { 200: json("What was found", hostExamination), ...refused },
});

const enrol = createRoute({
  method: "post",
  path: "/hosts",
  summary: "Watch a host whose key was approved. The same host twice is one.",
  request: { body: body(enrolHostBody) },
  responses: {
    201: json("Watched from now on", enrolHostReply),
    200: json("Watched already", enrolHostReply),
    ...refused,
  },
});

const change = createRoute({
  method: "patch",
  path: "/hosts/{id}",
  summary:
    "Say which rack a host stands in, which directories it shares, whether faults may be injected. What is left out stays.",
  request: { params: z.object({ id: hostId }), body: body(changeHostBody) },
  responses: { 200: json("As it is now", hostView), ...refused },
});

const helper = createRoute({
  method: "post",
  path: "/hosts/{id}/helper",
  summary:
    "Install belay-host on a host over SSH. Twice is once. Each step is a line of JSON as soon as it is done; the last says how it ended.",
  request: { params: z.object({ id: hostId }), body: body(installHelperBody) },
  responses: {
    200: {
      description:
        "The steps, as application/x-ndjson: {kind: step, phase, words}, then {kind: done} or {kind: failed}",
    },
    ...refused,
  },
});

const remove = createRoute({
  method: "delete",
  path: "/hosts/{id}",
  summary: "Forget a host and its VMs. No guest is touched.",
  request: { params: z.object({ id: hostId }) },
  responses: { 204: { description: "Forgotten" }, ...refused },
});

const encoder = new TextEncoder();

/** A line of JSON each, as it comes. Whoever stops reading ends the work. */
function bytesOf(lines: AsyncIterable<InstallLine>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const each = lines[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(to) {
      const { done, value } = await each.next();
      if (done === true) return to.close();
      to.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
    },
    cancel: async () => void (await each.return?.()),
  });
}

export const hostRoutes = (app: OpenAPIHono<ApiEnv>, service: Service) =>
  app
    .openapi(list, async (c) => c.json({ hosts: await service.hosts(c.var.viewer) }, 200))
    .openapi(examine, async (c) => c.json(await service.examineHost(c.var.viewer, c.req.valid("json")), 200))
    .openapi(enrol, async (c) => {
      const { created, ...reply } = await service.enrolHost(c.var.viewer, c.req.valid("json"));
      return created ? c.json(reply, 201) : c.json(reply, 200);
    })
    .openapi(change, async (c) =>
      c.json(await service.changeHost(c.var.viewer, c.req.valid("param").id, c.req.valid("json")), 200),
    )
    .openapi(helper, async (c) => {
      const lines = await service.installHelper(c.var.viewer, c.req.valid("param").id, c.req.valid("json"));
      return c.body(bytesOf(lines), 200, { "content-type": "application/x-ndjson" });
    })
    .openapi(remove, async (c) => {
      await service.removeHost(c.var.viewer, c.req.valid("param").id);
      return c.body(null, 204);
    });
