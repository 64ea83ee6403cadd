import { expect, test } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { messageIdOf } from "./message-id.ts";
import { type Ears, startLink } from "./socket.ts";

const deaf: Ears = {
  standing() {},
  message() {},
  unknownMessage() {},
  taken() {},
  refused() {},
  beat() {},
  down() {},
  ended() {},
};

/** A provider that welcomes, and then does as it is told with each connection. */
async function provider(then: (ws: WebSocket) => void) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise<void>((resolve) => server.once("listening", () => resolve()));
  server.on("connection", (ws) =>
    ws.once("message", () => {
      ws.send(JSON.stringify({ type: "welcome", protocol: 1, standing: "active", epoch: 1, leaseMs: 6000 }));
      then(ws);
    }),
  );
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]() {
      for (const ws of server.clients) ws.terminate();
      server.close();
    },
  };
}

test("a provider that answers and does not beat promises nothing: the connection is given up", async () => {
  const id = messageIdOf("instance-1", "one");
  using far = await provider((ws) => {
    const timer = setInterval(() => ws.send(JSON.stringify({ type: "taken", id })), 20);
    ws.on("close", () => clearInterval(timer));
  });
  let taken = 0;
  const lost = Promise.withResolvers<string>();
  const link = startLink({
    ...{ url: far.url, key: "blk_test", instance: "instance-1", name: "m", version: "1", silenceMs: 300 },
    ears: { ...deaf, taken: () => void taken++, down: (words) => lost.resolve(words) },
  });
  expect(await lost.promise).toBe("The provider has gone silent.");
  expect(taken).toBeGreaterThan(0);
  link.close();
});
