import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { call } from "./call.ts";

/** A server that answers each path with one kind of trouble. */
let server: Server;
let base = "";
const portOf = (it: Server): number => {
  const address = it.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
};
const reply = z.object({ n: z.number() });

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/hangs") return;
    const answers: Record<string, [number, string]> = {
      "/good": [200, '{"n":1}'],
      "/other-shape": [200, '{"m":1}'],
      "/html": [200, "<html>"],
      "/proxy": [502, '{"oops":true}'],
      "/refuses": [409, '{"error":{"code":"conflict","message":"It runs anew.","field":"runId","cure":"Look again."}}'],
    };
    const [status, body] = answers[request.url ?? ""] ?? [404, ""];
    response.writeHead(status, { "content-type": "application/json" }).end(body);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  base = `http://127.0.0.1:${portOf(server)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("a call never throws, and says what went wrong", () => {
  test("a good answer is its value", async () =>
    expect(await call(`${base}/good`, { reply })).toEqual({ ok: true, value: { n: 1 } }));

  test("a refusal keeps the field and the cure", async () =>
    expect(await call(`${base}/refuses`, { reply })).toEqual({
      ok: false,
      refusal: {
        kind: "refused",
        status: 409,
        code: "conflict",
        message: "It runs anew.",
        field: "runId",
        cure: "Look again.",
      },
    }));

  test("a proxy's own page means that the server is away", async () =>
    expect(await call(`${base}/proxy`, { reply })).toMatchObject({ ok: false, refusal: { kind: "unreachable" } }));

  test.each(["other-shape", "html", "nothing-there"])("%s is garbled", async (path) => {
    expect(await call(`${base}/${path}`, { reply })).toMatchObject({ ok: false, refusal: { kind: "garbled" } });
  });

  test("silence ends at the deadline", async () =>
    expect(await call(`${base}/hangs`, { reply, timeoutMs: 50 })).toMatchObject({
      ok: false,
      refusal: { kind: "unreachable", message: "The server did not answer in time." },
    }));

  test("nobody there", async () => {
    const gone = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => gone.once("listening", resolve));
    const port = portOf(gone);
    await new Promise((resolve) => gone.close(resolve));
    expect(await call(`http://127.0.0.1:${port}/`, { reply })).toMatchObject({
      ok: false,
      refusal: { kind: "unreachable", message: "The server cannot be reached." },
    });
  });
});
