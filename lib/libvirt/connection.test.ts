import { afterEach, describe, expect, it, vi } from "vitest";
import { type ConnectOptions, connect } from "./connect.ts";
import { isRpcError, type RpcError } from "./errors.ts";
import { isNoDomain, LibvirtError } from "./libvirt-error.ts";
import { FakeLibvirtError, FakeServer, noReply } from "./testing/index.ts";

const quiet = { keepalive: false } as const;

async function connected(server: FakeServer, options: Partial<ConnectOptions> = quiet) {
  const connection = await connect({ dialer: server.dialer(), ...options });
  const client = [...server.clients].at(-1);
  if (!client) throw new Error("no client came");
  return { connection, client };
}

/** The error that a promise is rejected with. */
async function errorOf(promise: Promise<unknown>): Promise<RpcError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!isRpcError(error)) throw new Error(`an RpcError was expected, not ${String(error)}`);
  return error;
}

afterEach(() => vi.useRealTimers());

describe("connecting", () => {
  it("authenticates, asks for keepalive, then opens the driver", async () => {
    const server = new FakeServer();
    const { connection, client } = await connected(server, { uri: "qemu:///session", readOnly: true });
    expect(client.calls).toEqual([
      { name: "auth_list", args: undefined, serial: 1 },
      { name: "connect_supports_feature", args: { feature: 10 }, serial: 2 },
      { name: "connect_open", args: { name: "qemu:///session", flags: 1 }, serial: 3 },
    ]);
    await connection.close();
  });

  it("lets polkit decide where the daemon asks for it", async () => {
    const server = new FakeServer({ auth_list: () => ({ types: [2] }), auth_polkit: () => ({ complete: 1 }) });
    const { connection, client } = await connected(server);
    expect(client.calls.map(({ name }) => name)).toContain("auth_polkit");
    await connection.close();
  });

  it.each([
    ["AuthUnsupported", { auth_list: () => ({ types: [1] }) }, /SASL.*auth_unix_rw/],
    [
      "AuthRefused",
      {
        auth_list: () => ({ types: [2] }),
        auth_polkit: () => {
          throw new FakeLibvirtError(45, "authentication unavailable");
        },
      },
      /authentication unavailable.*group "libvirt"/,
    ],
  ])("says %s with its cure", async (code, handlers, message) => {
    const server = new FakeServer(handlers);
    const error = await errorOf(connect({ dialer: server.dialer(), ...quiet }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    await server.until(() => server.clients.size === 0);
  });

  it("hands on libvirt's own refusal of the driver, and closes", async () => {
    const server = new FakeServer({
      connect_open: () => {
        throw new FakeLibvirtError(38, "Failed to find driver");
      },
    });
    await expect(connect({ dialer: server.dialer(), ...quiet })).rejects.toThrow(LibvirtError);
    await server.until(() => server.clients.size === 0);
  });

  it("gives up a daemon that says nothing at its deadline", async () => {
    vi.useFakeTimers();
    const server = new FakeServer({ auth_list: () => noReply });
    const failed = errorOf(connect({ dialer: server.dialer(), connectTimeoutMs: 700, ...quiet }));
    await vi.advanceTimersByTimeAsync(700);
    expect((await failed).code).toBe("CallTimeout");
    expect((await failed).message).toMatch(/700 ms/);
  });

  it("stops when its caller does", async () => {
    const stop = new AbortController();
    const server = new FakeServer({ connect_open: () => noReply });
    const failed = errorOf(connect({ dialer: server.dialer(), signal: stop.signal, ...quiet }));
    await server.until(() => server.allClients[0]?.calls.at(-1)?.name === "connect_open");
    stop.abort();
    expect((await failed).code).toBe("Aborted");
  });

  it("says DialFailed for whatever a dialer throws", async () => {
    const server = new FakeServer();
    server.refuses = new Error("no route");
    expect((await errorOf(connect({ dialer: server.dialer("host 3") }))).message).toBe("host 3: no route");
  });
});

describe("calls", () => {
  it("are answered by serial, in any order", async () => {
    const waiting = new Map<string, () => void>();
    const server = new FakeServer({
      domain_lookup_by_name: ({ name }) =>
        new Promise((resolve) => {
          const dom = { name, uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: 1 };
          waiting.set(name, () => resolve({ dom }));
        }),
    });
    const { connection } = await connected(server);
    const order: string[] = [];
    const ask = (name: string) =>
      connection.call("domain_lookup_by_name", { name }).then(({ dom }) => {
        order.push(name);
        return dom.name;
      });
    const answers = Promise.all([ask("a"), ask("b"), ask("c")]);
    await server.until(() => waiting.size === 3);
    for (const name of ["c", "a", "b"]) waiting.get(name)?.();
    expect(await answers).toEqual(["a", "b", "c"]);
    expect(order).toEqual(["c", "a", "b"]);
    await connection.close();
  });

  it("turn libvirt's error into one with its names", async () => {
    const server = new FakeServer({
      domain_lookup_by_name: ({ name }) => {
        throw new FakeLibvirtError(42, `Domain not found: no domain with matching name '${name}'`, 10);
      },
    });
    const { connection } = await connected(server);
    const error: unknown = await connection.call("domain_lookup_by_name", { name: "x" }).catch((caught) => caught);
    expect(isNoDomain(error)).toBe(true);
    expect(error).toMatchObject({
      code: 42,
      codeName: "NO_DOMAIN",
      domain: 10,
      domainName: "QEMU",
      level: 2,
      procedure: "domain_lookup_by_name",
      message: "Domain not found: no domain with matching name 'x'",
    });
    expect(connection.closedBy).toBeUndefined();
    await connection.close();
  });

  it("keep within the number that the daemon can take, the rest waiting in order", async () => {
    const answers: (() => void)[] = [];
    const server = new FakeServer({
      node_get_free_memory: () => new Promise((resolve) => answers.push(() => resolve({ freeMem: 1n }))),
    });
    const { connection, client } = await connected(server, { ...quiet, maxInFlight: 2, maxQueued: 3 });
    const asked = () => client.calls.filter(({ name }) => name === "node_get_free_memory").length;
    const calls = Array.from({ length: 5 }, () => connection.call("node_get_free_memory"));
    expect((await errorOf(connection.call("node_get_free_memory"))).code).toBe("QueueFull");
    await server.until(() => answers.length === 2);
    expect(asked()).toBe(2);
    answers.shift()?.();
    await server.until(() => answers.length === 2);
    expect(asked()).toBe(3);
    while (asked() < 5 || answers.length > 0) {
      answers.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(calls);
    await connection.close();
  });

  it("end at their deadline, and the late answer harms nothing", async () => {
    vi.useFakeTimers();
    let answer = () => {};
    const server = new FakeServer({
      domain_get_state: () =>
        new Promise((resolve) => {
          answer = () => resolve({ state: 1, reason: 1 });
        }),
      node_get_free_memory: () => ({ freeMem: 5n }),
    });
    const { connection } = await connected(server, { ...quiet, maxInFlight: 1 });
    const dom = { name: "", uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: -1 };
    const failed = errorOf(connection.call("domain_get_state", { dom, flags: 0 }, { timeoutMs: 250 }));
    const next = connection.call("node_get_free_memory");
    await vi.advanceTimersByTimeAsync(250);
    expect((await failed).code).toBe("CallTimeout");
    expect((await failed).message).toBe("domain_get_state: no answer within 250 ms");
    // The call that hangs has given its place free.
    expect((await next).freeMem).toBe(5n);
    answer();
    expect((await connection.call("node_get_free_memory")).freeMem).toBe(5n);
    expect(connection.closedBy).toBeUndefined();
    vi.useRealTimers();
    await connection.close();
  });

  it("wait for their place no longer than their deadline, and are then never sent", async () => {
    vi.useFakeTimers();
    const server = new FakeServer({
      node_get_free_memory: () => noReply,
      connect_get_hostname: () => ({ hostname: "h" }),
    });
    const { connection, client } = await connected(server, { ...quiet, maxInFlight: 1 });
    const first = errorOf(connection.call("node_get_free_memory", undefined, { timeoutMs: 1000 }));
    const second = errorOf(connection.call("connect_get_hostname", undefined, { timeoutMs: 100 }));
    await vi.advanceTimersByTimeAsync(1000);
    expect((await second).code).toBe("CallTimeout");
    expect((await first).code).toBe("CallTimeout");
    expect(client.calls.map(({ name }) => name)).not.toContain("connect_get_hostname");
    vi.useRealTimers();
    await connection.close();
  });

  it("end with their caller's signal, before and after they were sent", async () => {
    const server = new FakeServer({ node_get_free_memory: () => noReply });
    const { connection, client } = await connected(server);
    const gone = AbortSignal.abort(new Error("left"));
    const before = await errorOf(connection.call("node_get_free_memory", undefined, { signal: gone }));
    expect(before.code).toBe("Aborted");
    const stop = new AbortController();
    const after = errorOf(connection.call("node_get_free_memory", undefined, { signal: stop.signal }));
    await server.until(() => client.calls.at(-1)?.name === "node_get_free_memory");
    expect(client.calls.filter(({ name }) => name === "node_get_free_memory")).toHaveLength(1);
    stop.abort(new Error("enough"));
    expect(await after).toMatchObject({ code: "Aborted", cause: new Error("enough") });
    await connection.close();
  });

  it("that the wire cannot carry fail alone", async () => {
    const server = new FakeServer({ connect_get_hostname: () => ({ hostname: "h" }) });
    const { connection } = await connected(server);
    const error = await errorOf(connection.call("domain_lookup_by_name", { name: "a\0b" }));
    expect(error.code).toBe("EncodeFailed");
    expect(error.message).toMatch(/^remote_domain_lookup_by_name_args\.name: /);
    expect((await connection.call("connect_get_hostname")).hostname).toBe("h");
    await connection.close();
  });
});

describe("the end of a connection", () => {
  it("by its own side: goodbye to the daemon, nothing more to call", async () => {
    const server = new FakeServer();
    const { connection, client } = await connected(server);
    await connection.close();
    await connection.close();
    expect(client.calls.at(-1)?.name).toBe("connect_close");
    expect((await connection.closed).code).toBe("ConnectionClosed");
    expect((await errorOf(connection.call("connect_get_hostname"))).code).toBe("ConnectionClosed");
    await server.until(() => server.clients.size === 0);
  });

  it("by the daemon: every pending and waiting call is told why", async () => {
    const server = new FakeServer({ node_get_free_memory: () => noReply });
    const { connection, client } = await connected(server, { ...quiet, maxInFlight: 1 });
    const calls = [1, 2, 3].map(() => errorOf(connection.call("node_get_free_memory")));
    await server.until(() => client.calls.at(-1)?.name === "node_get_free_memory");
    client.endSide();
    for (const error of await Promise.all(calls)) {
      expect(error.code).toBe("ConnectionClosed");
      expect(error.message).toMatch(/^node_get_free_memory: fake server: the server closed the connection/);
      expect(error.cause).toBe(connection.closedBy);
    }
  });

  it("in the middle of a message is said so", async () => {
    const server = new FakeServer();
    const { connection, client } = await connected(server);
    client.sendBytes(Buffer.from("0000001c2000", "hex"));
    client.endSide();
    expect((await connection.closed).message).toMatch(/in the middle of a message/);
  });
});

describe("keepalive", () => {
  const keepalive = { intervalMs: 1000, count: 2 };

  it("answers the daemon's pings", async () => {
    const server = new FakeServer();
    const { connection, client } = await connected(server);
    client.sendPing();
    await server.until(() => client.pongs === 1);
    expect(connection.closedBy).toBeUndefined();
    await connection.close();
  });

  it("pings in silence only, and lives on the answers", async () => {
    vi.useFakeTimers();
    const server = new FakeServer({ connect_get_hostname: () => ({ hostname: "h" }) });
    const { connection, client } = await connected(server, { keepalive });
    for (let turn = 0; turn < 5; turn++) {
      await vi.advanceTimersByTimeAsync(900);
      await connection.call("connect_get_hostname");
    }
    expect(client.pings).toBe(0);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(client.pings).toBeGreaterThanOrEqual(5);
    expect(connection.closedBy).toBeUndefined();
    vi.useRealTimers();
    await connection.close();
  });

  it("finds a silent death after interval × (count + 1)", async () => {
    vi.useFakeTimers();
    const server = new FakeServer({ node_get_free_memory: () => noReply });
    const { connection, client } = await connected(server, { keepalive });
    client.answersPings = false;
    const pending = errorOf(connection.call("node_get_free_memory"));
    await vi.advanceTimersByTimeAsync(2999);
    expect(connection.closedBy).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect((await connection.closed).code).toBe("KeepaliveTimeout");
    expect((await pending).code).toBe("KeepaliveTimeout");
    expect(client.pings).toBe(2);
  });

  it("is left out where the daemon has none", async () => {
    vi.useFakeTimers();
    const server = new FakeServer({ connect_supports_feature: () => ({ supported: 0 }) });
    const { connection, client } = await connected(server, { keepalive });
    client.answersPings = false;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(client.pings).toBe(0);
    expect(connection.closedBy).toBeUndefined();
    vi.useRealTimers();
    await connection.close();
  });
});
