import { createServer } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { operatorToken, origin, testApi } from "../../lib/api/testing.ts";
import { operatorClient } from "../operator/client.ts";
import { answers } from "./request.ts";
import { trafficSource } from "./source.ts";

/** The source against real web servers of 127.0.0.1 and the real API. */

const address = "127.0.0.1";
const open: { close(): unknown }[] = [];
let api: Awaited<ReturnType<typeof testApi>>;
beforeAll(async () => {
  api = await testApi();
});
afterAll(async () => {
  for (const server of open) server.close();
  await api[Symbol.asyncDispose]();
});

async function portOf(server: Server): Promise<number> {
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, address, () => resolve()));
  const bound = server.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

const web = (status: number) => portOf(createServer((_, response) => response.writeHead(status).end("page")));

test.each([
  ["a page", () => web(200), true],
  ["a page that is not there", () => web(404), true],
  ["a server's error", () => web(503), false],
  ["silence", () => portOf(createTcpServer(() => {})), false],
  ["a cut connection", () => portOf(createTcpServer((socket) => socket.destroy())), false],
  [
    "half a page",
    () => portOf(createTcpServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nha"))),
    false,
  ],
])("%s", async (_, serve, answered) => {
  expect(await answers({ vm: "web-1", address, port: await serve() }, 300)).toBe(answered);
});

test("nobody listens", async () => {
  const server = createServer();
  const port = await portOf(server);
  await new Promise((resolve) => server.close(resolve));
  expect(await answers({ vm: "web-1", address, port }, 300)).toBe(false);
});

test("each second tells what the VMs of an application answered, also after one of them died", async () => {
  const { service, admin, aster } = api.cloud;
  const shop = await service.createApplication(admin, { organizationId: aster.organizationId, name: "shop" });
  const host = await api.cloud.host("carrier");
  const doomed = createServer((_, response) => response.end("page"));
  const ports = [await web(200), await portOf(doomed)];
  for (const [index, port] of ports.entries()) {
    const vm = await api.cloud.vm(host, `web-${index + 1}`);
    await service.changeVm(admin, vm.id, { applicationId: shop.id, answerCheck: { kind: "tcp", address, port } });
  }
  const stopping = new AbortController();
  const said: string[] = [];
  const source = trafficSource({
    client: operatorClient({ url: origin, token: async () => operatorToken, fetch: (request) => api.fetch(request) }),
    perSecond: 20,
    say: (words) => said.push(words),
    signal: stopping.signal,
    reportMs: 100,
  });
  const samples = () => service.traffic(aster, shop.id, 60);
  const waiting = { timeout: 15_000, interval: 100 };
  await expect
    .poll(async () => (await samples()).some((it) => it.answered >= 10 && it.failed === 0), waiting)
    .toBe(true);
  doomed.close();
  doomed.closeAllConnections();
  await expect.poll(async () => (await samples()).some((it) => it.answered > 0 && it.failed > 0), waiting).toBe(true);
  stopping.abort();
  await source;
  expect(said).toEqual(["shop: 20 requests a second to web-1, web-2"]);
  expect(Math.max(...(await samples()).map((it) => it.answered + it.failed))).toBeLessThanOrEqual(40);
});
