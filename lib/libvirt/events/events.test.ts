import { describe, expect, it } from "vitest";
import { type ConnectOptions, connect } from "../connect.ts";
import { isRpcError } from "../errors.ts";
import type { Messages } from "../protocol/generated/types.ts";
import { procedure } from "../protocol/table.ts";
import { FakeLibvirtError, FakeServer, noReply } from "../testing/index.ts";
import { domainEventKinds, domainEvents } from "./domain-events.ts";

const dom = { name: "web", uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: 4 };
const lifecycle =
  (event: number, detail: number) =>
  (callbackID: number): Messages["domain_event_callback_lifecycle"] => ({ callbackID, msg: { dom, event, detail } });

async function connected(server: FakeServer, options: Partial<ConnectOptions> = {}) {
  const connection = await connect({ dialer: server.dialer(), keepalive: false, ...options });
  const [client] = server.allClients;
  if (!client) throw new Error("no client came");
  return { connection, client };
}

describe("domain events", () => {
  it("are numbered as in libvirt's header, 0 to 26, each once", () => {
    const ids = domainEventKinds.map((kind) => domainEvents[kind].id);
    expect(ids).toEqual(Array.from({ length: 27 }, (_, id) => id));
    expect(domainEvents.lifecycle.id).toBe(0);
    expect(domainEvents.io_error_reason.id).toBe(6);
    expect(domainEvents.agent_lifecycle.id).toBe(18);
    expect(domainEvents.memory_failure.id).toBe(25);
  });

  it("come typed, named and in order, over several kinds at once", async () => {
    const server = new FakeServer();
    const { connection, client } = await connected(server);
    const events = await connection.subscribe(["lifecycle", "io_error_reason", "watchdog", "agent_lifecycle"]);
    expect(client.calls.slice(-4).map(({ args }) => args)).toEqual(
      [0, 6, 3, 18].map((eventID) => ({ eventID, dom: null })),
    );
    server.emit("lifecycle", lifecycle(5, 5));
    server.emit("io_error_reason", (callbackID) => ({
      callbackID,
      msg: { dom, srcPath: "/img", devAlias: "virtio-disk0", action: 1, reason: "enospc" },
    }));
    server.emit("watchdog", (callbackID) => ({ callbackID, msg: { dom, action: 1 } }));
    server.emit("agent_lifecycle", (callbackID) => ({ callbackID, dom, state: 1, reason: 2 }));
    server.emit("lifecycle", lifecycle(77, 5));
    server.emit("lifecycle", lifecycle(5, 77));
    const seen: unknown[] = [];
    for await (const event of events) if (seen.push(event) === 6) break;
    expect(seen).toEqual([
      { kind: "lifecycle", domain: dom, event: "stopped", detail: "failed" },
      {
        kind: "io_error_reason",
        domain: dom,
        sourcePath: "/img",
        device: "virtio-disk0",
        action: "pause",
        reason: "enospc",
      },
      { kind: "watchdog", domain: dom, action: "pause" },
      { kind: "agent_lifecycle", domain: dom, state: "connected", reason: "channel" },
      { kind: "lifecycle", domain: dom, event: "unknown(77)", detail: "unknown(5)" },
      { kind: "lifecycle", domain: dom, event: "stopped", detail: "unknown(77)" },
    ]);
    // Leaving the loop has taken the registrations back.
    expect(server.registrations).toBe(0);
    await connection.close();
  });

  it("of every kind can be asked for and are carried", async () => {
    const server = new FakeServer();
    const { connection } = await connected(server);
    const events = await connection.subscribe(domainEventKinds);
    expect(server.registrations).toBe(27);
    server.emit("memory_failure", (callbackID) => ({ callbackID, dom, recipient: 1, action: 2, flags: 1 }));
    server.emit("tunable", (callbackID) => ({
      callbackID,
      dom,
      params: [{ field: "cputune.cpu_shares", value: { type: "ullong", value: 5n } }],
    }));
    const seen: unknown[] = [];
    for await (const event of events) if (seen.push(event) === 2) break;
    expect(seen).toEqual([
      {
        kind: "memory_failure",
        domain: dom,
        recipient: "guest",
        action: "fatal",
        actionRequired: true,
        recursive: false,
      },
      { kind: "tunable", domain: dom, params: { "cputune.cpu_shares": { type: "ullong", value: 5n } } },
    ]);
    await connection.close();
  });

  it("that come before the answer to their registration, or right behind it, are not lost", async () => {
    const server = new FakeServer();
    server.handle({
      connect_domain_event_callback_register_any: (_args, client, header) => {
        client.sendEvent("domain_event_callback_lifecycle", lifecycle(2, 0)(9));
        client.reply(procedure("connect_domain_event_callback_register_any"), header.serial, { callbackID: 9 });
        client.sendEvent("domain_event_callback_lifecycle", lifecycle(5, 5)(9));
        return noReply;
      },
    });
    const { connection } = await connected(server);
    const events = await connection.subscribe(["lifecycle"]);
    const seen: unknown[] = [];
    for await (const event of events) if (seen.push("event" in event && event.event) === 2) break;
    expect(seen).toEqual(["started", "stopped"]);
    await connection.close();
  });

  it("of a slow reader overflow visibly, and the connection does not mind", async () => {
    const server = new FakeServer({ connect_get_hostname: () => ({ hostname: "h" }) });
    const { connection } = await connected(server);
    const events = await connection.subscribe(["lifecycle"], { bufferSize: 2 });
    for (let n = 0; n < 5; n++) server.emit("lifecycle", lifecycle(n, 0));
    // Answered behind the events: all five have arrived.
    await connection.call("connect_get_hostname");
    await connection.close();
    const seen: unknown[] = [];
    for await (const event of events) seen.push("overflow" in event ? event : event.event);
    expect(seen).toEqual(["defined", "undefined", { overflow: true, lost: 3 }]);
  });

  it("reach each of several subscriptions, and a closed one no more", async () => {
    const server = new FakeServer({ connect_get_hostname: () => ({ hostname: "h" }) });
    const { connection } = await connected(server);
    const one = await connection.subscribe(["lifecycle"]);
    const two = await connection.subscribe(["lifecycle", "reboot"]);
    expect(server.registrations).toBe(3);
    await one.close();
    await one.close();
    expect(server.registrations).toBe(1 + 1);
    server.emit("lifecycle", lifecycle(5, 1));
    const next = await two[Symbol.asyncIterator]().next();
    expect(next.value).toMatchObject({ event: "stopped", detail: "destroyed" });
    expect(await one[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
    await connection.close();
    expect(await two[Symbol.asyncIterator]().next()).toEqual({ done: true, value: undefined });
  });

  it("end with the connection's error when it is lost", async () => {
    const server = new FakeServer();
    const { connection, client } = await connected(server);
    const events = await connection.subscribe(["lifecycle"]);
    const waiting = events[Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error);
    client.endSide();
    expect(isRpcError(await waiting, "ConnectionClosed")).toBe(true);
    await events.close();
    await connection.closed;
  });

  it("that libvirt refuses leave no registration behind", async () => {
    const server = new FakeServer();
    const refused = new FakeLibvirtError(8, "unsupported event");
    server.handle({
      connect_domain_event_callback_register_any: ({ eventID }, client) => {
        if (eventID === 1) throw refused;
        return { callbackID: server.register(client, `event ${eventID}`) };
      },
    });
    const { connection } = await connected(server);
    await expect(connection.subscribe(["lifecycle", "reboot", "watchdog"])).rejects.toThrow("unsupported event");
    expect(server.registrations).toBe(0);
    await connection.close();
  });
});

describe("QEMU's monitor events", () => {
  it("come with their time and data", async () => {
    const server = new FakeServer();
    const { connection, client } = await connected(server);
    const events = await connection.monitorEvents({ event: "STOP" });
    expect(client.calls.at(-1)?.args).toEqual({ dom: null, event: "STOP", flags: 0 });
    client.sendEvent("qemu.domain_monitor_event", {
      callbackID: 1,
      dom,
      event: "STOP",
      seconds: 1_700_000_000n,
      micros: 250_000,
      details: null,
    });
    for await (const event of events) {
      expect(event).toEqual({ domain: dom, event: "STOP", at: new Date(1_700_000_000_250), details: null });
      break;
    }
    expect(server.registrations).toBe(0);
    await connection.close();
  });
});
