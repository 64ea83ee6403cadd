import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { connect } from "../connect.ts";
import type { Connection } from "../connection.ts";
import { isRpcError } from "../errors.ts";
import type { Header } from "../framing/header.ts";
import { LibvirtError } from "../libvirt-error.ts";
import { procedure } from "../protocol/table.ts";
import type { KeepaliveOptions } from "../session/keepalive.ts";
import { type FakeClient, FakeLibvirtError, FakeServer, noReply } from "../testing/index.ts";
import { toDuplex } from "./duplex.ts";
import type { StreamOptions } from "./stream.ts";
import { downloadVolume, uploadVolume } from "./transfer.ts";

afterEach(() => vi.useRealTimers());

const vol = { pool: "default", name: "disk", key: "/pool/disk" };
const args = { vol, offset: 0n, length: 0n, flags: 0 };

/** A server whose streams do nothing by themselves; `header` is that of the opening call. */
async function opened(options?: StreamOptions, keepalive: KeepaliveOptions | false = false) {
  let header: Header | undefined;
  const remember = (_args: unknown, _client: FakeClient, of: Header): undefined => {
    header = of;
  };
  const server = new FakeServer({
    storage_vol_download: remember,
    connect_get_hostname: () => ({ hostname: "h" }),
  });
  const connection = await connect({ dialer: server.dialer(), keepalive });
  const [client] = server.allClients;
  const stream = await connection.stream("storage_vol_download", args, options);
  if (!header || !client) throw new Error("the stream was not opened");
  return { server, connection, client, stream, header };
}

const statuses = (client: FakeClient) => client.streamPackets.map(({ header }) => header.status);
const hello = Buffer.from("hello");

describe("reading a stream", () => {
  it("gives the data, then confirms the end", async () => {
    const { server, connection, client, stream, header } = await opened();
    client.sendStream(header, hello);
    client.sendStream(header, Buffer.from(" world"));
    client.sendStream(header, Buffer.alloc(0));
    const read = (async () => {
      let all = "";
      for await (const item of stream) if (item.kind === "data") all += Buffer.from(item.bytes).toString();
      return all;
    })();
    await server.until(() => client.streamPackets.length === 1);
    expect(client.streamPackets[0]?.header).toEqual({ ...header, type: "stream", status: "ok" });
    client.sendStream(header, undefined);
    expect(await read).toBe("hello world");
    expect((await connection.call("connect_get_hostname")).hostname).toBe("h");
    await connection.close();
  });

  it("hands holes on, and as zeros through a Duplex", async () => {
    const { connection, client, stream, header } = await opened();
    client.sendHole(header, 3n);
    client.sendStream(header, hello);
    expect(await stream.read()).toEqual({ kind: "hole", lengthBytes: 3n });
    expect(await stream.read()).toEqual({ kind: "data", bytes: hello });
    const duplex = toDuplex(stream);
    client.sendHole(header, 100_000n);
    client.sendStream(header, hello);
    client.sendStream(header, Buffer.alloc(0));
    client.sendStream(header, undefined);
    expect(await text(duplex)).toBe(`${"\0".repeat(100_000)}hello`);
    await connection.close();
  });

  it("fails with libvirt's error, after what came before it", async () => {
    const { connection, client, stream, header } = await opened();
    client.sendStream(header, hello);
    client.sendStream(header, undefined, new FakeLibvirtError(38, "Input/output error"));
    expect(await stream.read()).toEqual({ kind: "data", bytes: hello });
    await expect(stream.read()).rejects.toThrow("Input/output error");
    await expect(stream.finish()).rejects.toThrow(LibvirtError);
    expect(connection.closedBy).toBeUndefined();
    await connection.close();
  });

  it("left early tells the server, whose further data are dropped", async () => {
    const { server, connection, client, stream, header } = await opened();
    client.sendStream(header, hello);
    for await (const item of stream) {
      expect(item.kind).toBe("data");
      break;
    }
    await server.until(() => client.streamPackets.length === 1);
    expect(statuses(client)).toEqual(["error"]);
    client.sendStream(header, hello);
    client.sendStream(header, undefined);
    expect((await connection.call("connect_get_hostname")).hostname).toBe("h");
    await connection.close();
  });

  it("ends with its caller's signal", async () => {
    const stop = new AbortController();
    const { server, connection, client, stream } = await opened({ signal: stop.signal });
    const reading = stream.read().catch((error: unknown) => error);
    stop.abort();
    expect(isRpcError(await reading, "Aborted")).toBe(true);
    await server.until(() => client.streamPackets.length === 1);
    expect(statuses(client)).toEqual(["error"]);
    await connection.close();
  });

  it("ends with the connection", async () => {
    const { client, stream, connection } = await opened();
    const reading = stream.read().catch((error: unknown) => error);
    client.endSide();
    expect(isRpcError(await reading, "ConnectionClosed")).toBe(true);
    await connection.closed;
  });

  it("waits for data no longer than it may be idle", async () => {
    vi.useFakeTimers();
    const { connection, client, stream } = await opened({ idleTimeoutMs: 400 });
    const reading = stream.read().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(400);
    const error = await reading;
    expect(isRpcError(error, "StreamStalled")).toBe(true);
    expect(statuses(client)).toEqual(["error"]);
    vi.useRealTimers();
    await connection.close();
  });

  it("holds the server back while its reader is slow, and goes on when it reads", async () => {
    const { server, connection, client, stream, header } = await opened();
    const block = Buffer.alloc(256 * 1024, 7);
    // Far more than may be queued; the rest stays on the server's side of the pipe.
    for (let n = 0; n < 32; n++) client.sendStream(header, block);
    client.sendStream(header, Buffer.alloc(0));
    client.sendStream(header, undefined);
    const blocked = connection.call("connect_get_hostname", undefined, { timeoutMs: 5000 });
    let answered = false;
    void blocked.then(() => {
      answered = true;
    });
    await server.until(() => client.calls.at(-1)?.name === "connect_get_hostname");
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    let bytes = 0;
    for await (const item of stream) if (item.kind === "data") bytes += item.bytes.length;
    expect(bytes).toBe(32 * block.length);
    expect((await blocked).hostname).toBe("h");
    await connection.close();
  });

  it("is not taken for a dead server while nobody reads", async () => {
    vi.useFakeTimers();
    const idleTimeoutMs = Number.POSITIVE_INFINITY;
    const { connection, client, stream, header } = await opened({ idleTimeoutMs }, { intervalMs: 100, count: 1 });
    for (let n = 0; n < 32; n++) client.sendStream(header, Buffer.alloc(256 * 1024));
    await vi.advanceTimersByTimeAsync(5000);
    expect(connection.closedBy).toBeUndefined();
    for (let n = 0; n < 32; n++) await stream.read();
    client.answersPings = false;
    await vi.advanceTimersByTimeAsync(300);
    expect(connection.closedBy?.code).toBe("KeepaliveTimeout");
  });

  it("is taken from a reader who takes nothing, so that the connection lives", async () => {
    vi.useFakeTimers();
    const { connection, client, stream, header } = await opened({ idleTimeoutMs: 400 });
    for (let n = 0; n < 32; n++) client.sendStream(header, Buffer.alloc(256 * 1024));
    const blocked = connection.call("connect_get_hostname", undefined, { timeoutMs: 5000 });
    await vi.advanceTimersByTimeAsync(400);
    expect((await blocked).hostname).toBe("h");
    await expect(stream.read()).rejects.toMatchObject({ code: "StreamStalled" });
    vi.useRealTimers();
    await connection.close();
  });
});

describe("opening a stream", () => {
  it("that libvirt refuses leaves nothing open", async () => {
    const server = new FakeServer({
      storage_vol_download: () => {
        throw new FakeLibvirtError(50, "no volume");
      },
    });
    const connection = await connect({ dialer: server.dialer(), keepalive: false });
    await expect(connection.stream("storage_vol_download", args)).rejects.toThrow("no volume");
    await connection.close();
  });

  it("that was given up is aborted when it opens late after all", async () => {
    vi.useFakeTimers();
    let header: Header | undefined;
    const server = new FakeServer({
      storage_vol_download: (_args, _client, of) => {
        header = of;
        return noReply;
      },
      connect_get_hostname: () => ({ hostname: "h" }),
    });
    const connection = await connect({ dialer: server.dialer(), keepalive: false, maxInFlight: 1 });
    const [client] = server.allClients;
    const failed = connection.stream("storage_vol_download", args, { timeoutMs: 100 }).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(100);
    expect(isRpcError(await failed, "CallTimeout")).toBe(true);
    if (!header || !client) throw new Error("never asked");
    client.reply(procedure("storage_vol_download"), header.serial, undefined);
    client.sendStream(header, hello);
    await server.until(() => client.streamPackets.length === 1);
    expect(statuses(client)).toEqual(["error"]);
    client.sendStream(header, undefined);
    expect((await connection.call("connect_get_hostname")).hostname).toBe("h");
    vi.useRealTimers();
    await connection.close();
  });

  it("is bounded in number", async () => {
    const server = new FakeServer({ storage_vol_download: () => undefined });
    const connection = await connect({ dialer: server.dialer(), keepalive: false });
    for (let n = 0; n < 64; n++) await connection.stream("storage_vol_download", args);
    await expect(connection.stream("storage_vol_download", args)).rejects.toMatchObject({ code: "QueueFull" });
    await connection.close();
  });
});

/** A server that keeps what is uploaded and gives it back; confirms or refuses the end. */
function volumeServer(refuseEnd?: FakeLibvirtError) {
  const stored: Buffer[] = [];
  const server = new FakeServer({
    storage_vol_upload: (_args, client, header) => {
      void (async () => {
        let seen = 0;
        for (;;) {
          await server.until(() => client.streamPackets.length > seen || !server.clients.has(client));
          const packet = client.streamPackets[seen++];
          if (!packet) return;
          if (packet.header.status === "continue") stored.push(Buffer.from(packet.payload));
          else {
            client.sendStream(header, undefined, refuseEnd);
            return;
          }
        }
      })();
      return undefined;
    },
    storage_vol_download: async (_args, client, header) => {
      setImmediate(() => {
        for (const part of stored) client.sendStream(header, part);
        client.sendStream(header, Buffer.alloc(0));
        client.sendStream(header, undefined);
      });
      return undefined;
    },
  });
  return { server, stored };
}

const collect = async (connection: Connection) => {
  const parts: Uint8Array[] = [];
  for await (const part of downloadVolume(connection, vol)) parts.push(part);
  return Buffer.concat(parts);
};

describe("volumes", () => {
  it("come back as they went, in packets that libvirt takes", async () => {
    const { server, stored } = volumeServer();
    const connection = await connect({ dialer: server.dialer(), keepalive: false });
    const image = Buffer.from(Array.from({ length: 700_000 }, (_, at) => at % 251));
    await uploadVolume(connection, vol, [image.subarray(0, 100), image.subarray(100)]);
    expect(stored.map((part) => part.length)).toEqual([100, 262_120, 262_120, 175_660]);
    expect((await collect(connection)).equals(image)).toBe(true);
    await connection.close();
  });

  it("whose upload libvirt does not confirm are said to have failed", async () => {
    const { server } = volumeServer(new FakeLibvirtError(38, "No space left on device"));
    const connection = await connect({ dialer: server.dialer(), keepalive: false });
    await expect(uploadVolume(connection, vol, [hello])).rejects.toThrow("No space left on device");
    await connection.close();
  });

  it("whose source fails are aborted", async () => {
    const { server } = volumeServer();
    const connection = await connect({ dialer: server.dialer(), keepalive: false });
    const source = (function* () {
      yield hello;
      throw new Error("the source broke");
    })();
    await expect(uploadVolume(connection, vol, source)).rejects.toThrow("the source broke");
    const [client] = server.allClients;
    await server.until(() => client?.streamPackets.at(-1)?.header.status === "error");
    await connection.close();
  });
});

describe("a console as Duplex", () => {
  it("carries both ways, and its end finishes the stream", async () => {
    let header: Header | undefined;
    const server = new FakeServer({
      domain_open_console: (_args, _client, of) => {
        header = of;
        return undefined;
      },
    });
    const connection = await connect({ dialer: server.dialer(), keepalive: false });
    const dom = { name: "web", uuid: "6695eb01-f6a4-8304-79aa-97f2502e193f", id: 1 };
    const stream = await connection.stream(
      "domain_open_console",
      { dom, dev_name: null, flags: 0 },
      { idleTimeoutMs: Number.POSITIVE_INFINITY },
    );
    const [client] = server.allClients;
    if (!client || !header) throw new Error("not opened");
    const console = toDuplex(stream);
    console.write("root\n");
    await server.until(() => client.streamPackets.length === 1);
    expect(client.streamPackets[0]?.payload.toString()).toBe("root\n");
    client.sendStream(header, Buffer.from("Password:"));
    client.sendStream(header, Buffer.alloc(0));
    const all = text(console);
    await server.until(() => client.streamPackets.length === 2);
    client.sendStream(header, undefined);
    expect(await all).toBe("Password:");
    await connection.close();
  });
});
