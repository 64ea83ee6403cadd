/** What a broken or hostile peer sends: it may cost the connection, never the process, and nobody is left waiting. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "./connect.ts";
import { isRpcError } from "./errors.ts";
import { encodePacket, type Header, messageStatuses, messageTypes } from "./framing/header.ts";
import { procedure } from "./protocol/table.ts";
import { type FakeClient, FakeServer, noReply } from "./testing/index.ts";
import { labelled } from "./testing/labelled.ts";

const escaped: unknown[] = [];
const note = (error: unknown) => escaped.push(error);
beforeAll(() => {
  process.on("unhandledRejection", note);
  process.on("uncaughtExceptionMonitor", note);
});
afterAll(() => {
  process.off("unhandledRejection", note);
  process.off("uncaughtExceptionMonitor", note);
  expect(escaped).toEqual([]);
});

/** A connection with one call under way, whose serial is 3 (after auth_list and connect_open). */
async function withPendingCall() {
  const server = new FakeServer({ node_get_free_memory: () => noReply, storage_vol_download: () => undefined });
  const connection = await connect({ dialer: server.dialer(), keepalive: false });
  const [client] = server.allClients;
  if (!client) throw new Error("no client came");
  const pending = connection.call("node_get_free_memory").then(
    ({ freeMem }) => freeMem,
    (error: unknown) => error,
  );
  await server.until(() => client.calls.length === 3);
  return { server, connection, client, pending };
}

const reply = (more: Partial<Header> = {}): Header => ({
  program: 0x20008086,
  version: 1,
  procedure: procedure("node_get_free_memory").number,
  type: "reply",
  serial: 3,
  status: "ok",
  ...more,
});
const freeMem = labelled(["freeMem", "0000000000000005"]);

describe("a peer that breaks the protocol", () => {
  it("is believed as long as it keeps to it", async () => {
    const { connection, client, pending } = await withPendingCall();
    client.sendPacket(reply(), freeMem);
    expect(await pending).toBe(5n);
    await connection.close();
  });

  const lies: readonly [string, (client: FakeClient) => void, RegExp][] = [
    ["a length under the header's size", (c) => c.sendBytes(labelled(["length", "00000010"])), /16 bytes is shorter/],
    ["a length over the maximum", (c) => c.sendBytes(labelled(["length", "7fffffff"])), /longer than the 33554432/],
    ["an answer that nobody asked for", (c) => c.sendPacket(reply({ serial: 99 }), freeMem), /serial 99/],
    ["an answer to a call answered before", (c) => c.sendPacket(reply({ serial: 1 }), freeMem), /serial 1, which/],
    ["an unknown program", (c) => c.sendPacket(reply({ program: 5 }), freeMem), /unknown program 0x5/],
    ["an unknown version", (c) => c.sendPacket(reply({ version: 2 }), freeMem), /unknown version 2/],
    ["another procedure", (c) => c.sendPacket(reply({ procedure: 1 }), freeMem), /names the procedure 1/],
    ["a call", (c) => c.sendPacket(reply({ type: "call" }), freeMem), /type call from the server/],
    ["file descriptors", (c) => c.sendPacket(reply({ type: "replyWithFds" }), freeMem), /type replyWithFds/],
    ["an answer to be continued", (c) => c.sendPacket(reply({ status: "continue" }), freeMem), /status continue/],
    ["an answer cut short", (c) => c.sendPacket(reply(), freeMem.subarray(0, 4)), /8 bytes expected, 4 left/],
    ["an answer with more", (c) => c.sendPacket(reply(), Buffer.concat([freeMem, freeMem])), /8 bytes too many/],
    ["an unreadable error", (c) => c.sendPacket(reply({ status: "error" }), freeMem), /remote_error/],
    [
      "an error with an oversized text",
      (c) =>
        c.sendPacket(
          reply({ status: "error" }),
          labelled(["code", "00000001"], ["domain", "00000001"], ["message", "00000001"], ["length", "00400001"]),
        ),
      /length 4194305, at most 4194304/,
    ],
    [
      "an unknown event",
      (c) => c.sendPacket(reply({ type: "message", serial: 0, procedure: 9999 })),
      /unknown procedure/,
    ],
    [
      "an unreadable event",
      (c) => c.sendPacket(reply({ type: "message", serial: 0, procedure: 318 }), freeMem),
      /domain_event_callback_lifecycle|remote_/,
    ],
    ["a stream packet without a stream", (c) => c.sendPacket(reply({ type: "stream" })), /no open stream/],
    ["a hole without a stream", (c) => c.sendPacket(reply({ type: "hole" })), /no open stream/],
    [
      "an unknown keepalive",
      (c) => c.sendPacket(reply({ program: 0x6b656570, procedure: 3, type: "message", serial: 0 })),
      /keepalive procedure 3/,
    ],
  ];

  it.each(lies)("%s", async (_what, lie, message) => {
    const { connection, client, pending, server } = await withPendingCall();
    lie(client);
    const closed = await connection.closed;
    expect(closed.code).toBe("ProtocolError");
    expect(closed.message).toMatch(message);
    expect(await pending).toMatchObject({ code: "ProtocolError" });
    await server.until(() => server.clients.size === 0);
  });
});

describe("random bytes", () => {
  const valid = encodePacket(reply(), freeMem);
  const lifecycle = encodePacket(
    reply({ type: "message", serial: 0, procedure: 318 }),
    labelled(
      ["callbackID", "00000001"],
      ["name length", "00000003"],
      ["name", "77656200"],
      ["uuid", "6695eb01f6a4830479aa97f2502e193f"],
      ["id", "00000001"],
      ["event", "00000005"],
      ["detail", "00000005"],
    ),
  );
  const mutated = fc
    .tuple(fc.constantFrom(valid, lifecycle), fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 6 }))
    .map(([bytes, changes]) => {
      const copy = Buffer.from(bytes);
      for (const [at, value] of changes) copy[at % copy.length] = value;
      return copy;
    });
  const packet = fc
    .record({
      program: fc.constantFrom(0x20008086, 0x20008087, 0x6b656570, 1),
      version: fc.constantFrom(1, 1, 1, 2),
      procedure: fc.integer({ min: -1, max: 450 }),
      type: fc.constantFrom(...messageTypes),
      serial: fc.integer({ min: 0, max: 5 }),
      status: fc.constantFrom(...messageStatuses),
      payload: fc.uint8Array({ maxLength: 120 }),
    })
    .map(({ payload, ...header }) => encodePacket(header, payload));
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    mutated,
    packet,
  );

  it("never crash, and every call settles", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(noise, { maxLength: 8 }), async (chunks) => {
        const { connection, client, pending } = await withPendingCall();
        const subscription = await connection.subscribe(["lifecycle"], { timeoutMs: 1000 }).catch(() => undefined);
        for (const chunk of chunks) client.sendBytes(chunk);
        client.endSide();
        const outcome = await pending;
        expect(typeof outcome === "bigint" || isRpcError(outcome) || outcome instanceof Error).toBe(true);
        expect(isRpcError(await connection.closed)).toBe(true);
        await subscription?.close();
      }),
      { numRuns: 300 },
    );
  });
});
