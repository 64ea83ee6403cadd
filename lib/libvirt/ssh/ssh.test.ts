/** Against a real SSH server in this process, on 127.0.0.1. */
import { type AddressInfo, createServer, type Server as TcpServer } from "node:net";
import type { Duplex } from "node:stream";
import ssh2, { type Server } from "ssh2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../connect.ts";
import { sshDialer } from "../dialer/ssh.ts";
import { HostKeyMismatch, type RpcError } from "../errors.ts";
import { FakeServer } from "../testing/index.ts";
import { SshConnection } from "./connection.ts";
import { describeHostKey, fetchHostKey } from "./host-key.ts";
import type { SshOptions } from "./options.ts";

/** About one in 400 of ssh2's keys is one that it cannot read. */
function readableKey() {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync("ed25519");
    if (!(ssh2.utils.parseKey(made.private) instanceof Error)) return made;
  }
}
const hostKey = readableKey();
const userKey = readableKey();
const strangerKey = readableKey();
const pinned = describeHostKey(Buffer.from(hostKey.public.split(" ")[1] ?? "", "base64")).sha256;

let server: Server;
let port = 0;
let connections = 0;
let authentications = 0;
/** What the daemon's socket says; undefined: nobody listens there. */
let libvirtd: FakeServer | undefined = new FakeServer({ connect_get_hostname: () => ({ hostname: "h" }) });
let forwards = true;
/** How many channels to sockets the server neither opens nor refuses, as a host that has died. */
let ignores = 0;
let commands: string[] = [];
const clients = new Set<ssh2.Connection>();

function startServer(): Promise<void> {
  server = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) => {
    connections += 1;
    clients.add(client);
    client.on("close", () => clients.delete(client));
    client.on("error", () => undefined);
    client.on("authentication", (context) => {
      authentications += 1;
      const known =
        context.method === "publickey" &&
        context.key.data.equals(Buffer.from(userKey.public.split(" ")[1] ?? "", "base64"));
      if (known) context.accept();
      else context.reject(["publickey"]);
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        commands.push(command);
        runCommand(command, acceptExec());
      });
    });
    client.on("openssh.streamlocal", (accept, reject) => {
      if (ignores > 0) ignores -= 1;
      else if (forwards && libvirtd) libvirtd.attach(accept() as Duplex);
      else reject();
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      port = (server.address() as AddressInfo).port;
      resolve();
    });
  });
}

function runCommand(command: string, channel: ssh2.ServerChannel): void {
  const end = (code: number) => {
    channel.exit(code);
    channel.end();
  };
  if (command.startsWith("sh -c")) {
    if (libvirtd) libvirtd.attach(channel);
    else {
      channel.stderr.write("virt-ssh-helper: no socket\n");
      end(1);
    }
  } else if (command === "cat") {
    channel.on("data", (chunk: Buffer) => channel.write(chunk));
    channel.on("end", () => end(0));
  } else if (command === "fail") {
    channel.stderr.write("broken\n");
    end(7);
  } else if (command === "flood") {
    channel.write(Buffer.alloc(3000));
  } else if (command === "vanish") {
    for (const client of clients) client.end();
  }
  // Anything else hangs.
}

const options = (more: Partial<SshOptions> = {}): SshOptions => ({
  host: "127.0.0.1",
  port,
  username: "root",
  hostKeySha256: pinned,
  privateKey: userKey.private,
  ...more,
});

async function errorOf(promise: Promise<unknown>): Promise<RpcError> {
  return promise.then(
    () => Promise.reject(new Error("an error was expected")),
    (error) => error,
  );
}

beforeAll(startServer);
afterAll(async () => {
  await new Promise<void>((resolve) => server.close(() => resolve()));
  // Every connection of these tests was closed by what opened it.
  expect(clients.size).toBe(0);
});

describe("the host key", () => {
  it("is fetched without naming or authenticating anyone", async () => {
    const before = authentications;
    expect(await fetchHostKey({ host: "127.0.0.1", port })).toEqual({ algorithm: "ssh-ed25519", sha256: pinned });
    expect(authentications).toBe(before);
  });

  it("pinned lets in, and any other is refused by name before authentication", async () => {
    const good = new SshConnection(options({ hostKeyAlgorithm: "ssh-ed25519" }));
    await good.open();
    expect(good.state).toBe("open");
    good.close();
    const wrong = `SHA256:${"A".repeat(43)}`;
    const before = authentications;
    const bad = new SshConnection(options({ hostKeySha256: wrong }));
    const error = await errorOf(bad.open());
    expect(error).toBeInstanceOf(HostKeyMismatch);
    expect(error).toMatchObject({ code: "HostKeyMismatch", expected: wrong, actual: pinned });
    expect(authentications).toBe(before);
    expect(bad.state).toBe("idle");
    expect(bad.lastError).toBe(error);
  });

  it("that no fingerprint could be is refused at once, as is a connection without any key", () => {
    expect(() => new SshConnection(options({ hostKeySha256: "SHA256:short" }))).toThrow(/43 characters/);
    const { privateKey: _, ...none } = options();
    expect(() => new SshConnection(none)).toThrow(/privateKey or an agentSocket/);
  });
});

describe("connecting", () => {
  it("with a stranger's key is refused with the cure", async () => {
    const ssh = new SshConnection(options({ privateKey: strangerKey.private }));
    expect(await errorOf(ssh.open())).toMatchObject({ code: "AuthRefused", message: /authorized_keys/ });
  });

  it("to nobody, with no key file, or with a key that is none, fails typed", async () => {
    expect(await errorOf(new SshConnection(options({ port: 1 })).open())).toMatchObject({ code: "DialFailed" });
    const noFile = new SshConnection(options({ privateKey: { file: "/nonexistent/key" } }));
    expect(await errorOf(noFile.open())).toMatchObject({
      code: "DialFailed",
      message: /\/nonexistent\/key cannot be read/,
    });
    const noKey = new SshConnection(options({ privateKey: "nonsense" }));
    expect(await errorOf(noKey.open())).toMatchObject({ code: "DialFailed" });
  });

  it("to a host that accepts and then says nothing ends at the deadline", async () => {
    const silent: TcpServer = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const silentPort = (silent.address() as AddressInfo).port;
    const ssh = new SshConnection(options({ port: silentPort, connectTimeoutMs: 60 }));
    expect(await errorOf(ssh.open())).toMatchObject({ code: "CallTimeout", message: /within 60 ms/ });
    expect(await errorOf(fetchHostKey({ host: "127.0.0.1", port: silentPort, timeoutMs: 60 }))).toMatchObject({
      code: "CallTimeout",
    });
    silent.close();
  });

  it("is done once for all who ask together, and again by the first use after a loss", async () => {
    const before = connections;
    const ssh = new SshConnection(options());
    const states: string[] = [];
    ssh.onState((state) => states.push(state));
    await Promise.all([ssh.open(), ssh.exec(["fail"], { timeoutMs: 5000 }), ssh.open()]);
    expect(connections).toBe(before + 1);
    expect(await errorOf(ssh.exec(["vanish"], { timeoutMs: 5000 }))).toMatchObject({ code: "ConnectionClosed" });
    await ssh.exec(["fail"], { timeoutMs: 5000 });
    expect(connections).toBe(before + 2);
    ssh.close();
    ssh.close();
    expect(states).toEqual(["connecting", "open", "idle", "connecting", "open", "closed"]);
    expect(await errorOf(ssh.open())).toMatchObject({ code: "ConnectionClosed" });
  });

  it("leaves one who gives up, without stopping the others", async () => {
    const ssh = new SshConnection(options());
    const stop = new AbortController();
    const left = errorOf(ssh.open(stop.signal));
    const stayed = ssh.open();
    stop.abort();
    expect(await left).toMatchObject({ code: "Aborted" });
    await stayed;
    expect(ssh.state).toBe("open");
    ssh.close();
  });
});

describe("commands", () => {
  it("take input and give output, status and stderr", async () => {
    const ssh = new SshConnection(options());
    expect(await ssh.exec(["cat"], { timeoutMs: 5000, stdin: "grüße" })).toEqual({
      code: 0,
      stdout: "grüße",
      stderr: "",
    });
    expect(await ssh.exec(["fail"], { timeoutMs: 5000 })).toEqual({ code: 7, stdout: "", stderr: "broken\n" });
    commands = [];
    const stop = new AbortController();
    const hanging = errorOf(ssh.exec(["hang", "it's here"], { timeoutMs: 5000, signal: stop.signal }));
    await expect.poll(() => commands, { timeout: 5000 }).toEqual(["hang 'it'\\''s here'"]);
    stop.abort();
    await hanging;
    ssh.close();
  });

  it("end at their deadline, with their caller, and at the bound of their output", async () => {
    const ssh = new SshConnection(options());
    await ssh.open();
    expect(await errorOf(ssh.exec(["hang"], { timeoutMs: 50 }))).toMatchObject({
      code: "CallTimeout",
      message: /50 ms/,
    });
    const stop = new AbortController();
    const stopped = errorOf(ssh.exec(["hang"], { timeoutMs: 5000, signal: stop.signal }));
    stop.abort();
    expect(await stopped).toMatchObject({ code: "Aborted" });
    const flood = ssh.exec(["flood"], { timeoutMs: 5000, maxOutputBytes: 1000 });
    expect(await errorOf(flood)).toMatchObject({ code: "OutputTooLong", message: /1000 bytes on stdout/ });
    expect(ssh.state).toBe("open");
    ssh.close();
  });
});

describe("libvirt over SSH", () => {
  const hostname = async (ssh: SshConnection) => {
    const connection = await connect({ dialer: sshDialer(ssh), keepalive: false });
    const answer = await connection.call("connect_get_hostname");
    await connection.close();
    return answer.hostname;
  };

  it("goes to the daemon's socket over the one kept connection", async () => {
    const before = connections;
    const ssh = new SshConnection(options());
    expect(await hostname(ssh)).toBe("h");
    expect(await hostname(ssh)).toBe("h");
    expect(connections).toBe(before + 1);
    ssh.close();
  });

  it("goes through a command where sockets are not forwarded", async () => {
    forwards = false;
    commands = [];
    const ssh = new SshConnection(options());
    expect(await hostname(ssh)).toBe("h");
    expect(commands).toHaveLength(1);
    expect(commands[0]).toMatch(/virt-ssh-helper.*qemu:\/\/\/system \/var\/run\/libvirt\/libvirt-sock$/);
    ssh.close();
    forwards = true;
  });

  it("says the command's reason where neither way leads to a daemon", async () => {
    const kept = libvirtd;
    libvirtd = undefined;
    const ssh = new SshConnection(options());
    const error = await errorOf(connect({ dialer: sshDialer(ssh), keepalive: false }));
    expect(error.message).toMatch(/: sh ended with 1: virt-ssh-helper: no socket/);
    libvirtd = kept;
    expect(await hostname(ssh)).toBe("h");
    ssh.close();
  });

  it("does not wait for a kept connection that is dead, but dials anew", async () => {
    const before = connections;
    const ssh = new SshConnection(options());
    await ssh.open();
    ignores = 1;
    const connection = await connect({ dialer: sshDialer(ssh, { channelTimeoutMs: 100 }), keepalive: false });
    expect((await connection.call("connect_get_hostname")).hostname).toBe("h");
    expect(connections).toBe(before + 2);
    await connection.close();
    ssh.close();
  });

  it("ends typed when the host's SSH goes away", async () => {
    const ssh = new SshConnection(options());
    const connection = await connect({ dialer: sshDialer(ssh), keepalive: false });
    for (const client of clients) client.end();
    expect(await connection.closed).toMatchObject({ code: "ConnectionClosed" });
    ssh.close();
  });
});
