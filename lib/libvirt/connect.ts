import type { Duplex } from "node:stream";
import { Connection } from "./connection.ts";
import { deadline } from "./deadline.ts";
import type { Dialer } from "./dialer/dialer.ts";
import { aborted, isRpcError, messageOf, RpcError } from "./errors.ts";
import { EventHub } from "./events/hub.ts";
import { LibvirtError } from "./libvirt-error.ts";
import { authTypes, features } from "./protocol/features.ts";
import type { KeepaliveOptions } from "./session/keepalive.ts";
import { Session } from "./session/session.ts";

export interface ConnectOptions {
  readonly dialer: Dialer;
  /** The driver to open behind the daemon. Default "qemu:///system". */
  readonly uri?: string;
  readonly readOnly?: boolean;
  /** Default: a ping after 5 s of silence, dead after 3 without an answer. `false`: neither side pings. */
  readonly keepalive?: KeepaliveOptions | false;
  /** Deadline of each call that names none of its own. Default 30 s: starting a guest on a busy host takes several. */
  readonly callTimeoutMs?: number;
  /** Deadline for dialling, authentication and opening together. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /**
   * Calls sent before the first of them is answered; others wait here. Default 4: a daemon stops reading a connection with 5
   * calls under way (its `max_client_requests`), and would then not hear our pings either.
   */
  readonly maxInFlight?: number;
  /** Calls that may wait here; further ones fail with `QueueFull`. Default 1024. */
  readonly maxQueued?: number;
  readonly signal?: AbortSignal;
}

const readOnlyFlag = 1;

/**
 * Opens a connection: dial, authenticate, open the driver, agree on keepalive. Throws RpcError (`DialFailed`, `CallTimeout`,
 * `AuthUnsupported`, `AuthRefused`, `HostKeyMismatch`, `Aborted`, …) or LibvirtError when the daemon refuses the driver.
 */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { dialer, uri = "qemu:///system", connectTimeoutMs = 10_000 } = options;
  const limit = deadline(connectTimeoutMs, options.signal);
  const { signal } = limit;
  const explain = (error: unknown): unknown => {
    if (options.signal?.aborted) return aborted(dialer.target, options.signal);
    if (isRpcError(error, "Aborted") && limit.expired) {
      return new RpcError("CallTimeout", `${dialer.target}: no connection within ${connectTimeoutMs} ms`, {
        cause: error,
      });
    }
    return error;
  };

  let duplex: Duplex;
  try {
    duplex = await dialer.dial(signal);
  } catch (cause) {
    limit.clear();
    const error = explain(cause);
    throw isRpcError(error) ? error : new RpcError("DialFailed", `${dialer.target}: ${messageOf(cause)}`, { cause });
  }
  const hub = new EventHub();
  const session = new Session(duplex, {
    target: dialer.target,
    callTimeoutMs: options.callTimeoutMs ?? 30_000,
    maxInFlight: options.maxInFlight ?? 4,
    maxQueued: options.maxQueued ?? 1024,
    onEvent: (name, value) => hub.dispatch(name, value),
  });
  const connection = new Connection(session, hub);
  const limits = { signal, timeoutMs: connectTimeoutMs };
  try {
    await authenticate(connection, limits);
    const keepalive = options.keepalive ?? { intervalMs: 5000, count: 3 };
    // Asking is also what lets the daemon ping us, and has to come before the driver is opened.
    if (keepalive) {
      const { supported } = await connection.call("connect_supports_feature", { feature: features.keepalive }, limits);
      if (supported) session.startKeepalive(keepalive);
    }
    await connection.call("connect_open", { name: uri, flags: options.readOnly ? readOnlyFlag : 0 }, limits);
    return connection;
  } catch (error) {
    session.close("the connection could not be opened");
    throw explain(error);
  } finally {
    limit.clear();
  }
}

async function authenticate(
  connection: Connection,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<void> {
  const { types } = await connection.call("auth_list", undefined, limits);
  if (types.length === 0 || types.includes(authTypes.none)) return;
  if (!types.includes(authTypes.polkit)) {
    throw new RpcError(
      "AuthUnsupported",
      `${connection.target}: the daemon asks for SASL. Let this account in by the socket's rights instead (auth_unix_rw = "none" in libvirtd.conf, with the socket's group).`,
    );
  }
  try {
    await connection.call("auth_polkit", undefined, limits);
  } catch (cause) {
    if (!(cause instanceof LibvirtError)) throw cause;
    throw new RpcError(
      "AuthRefused",
      `${connection.target}: polkit refused this account: ${cause.message}. Add it to the group "libvirt" on that host, or allow org.libvirt.unix.manage for it.`,
      { cause },
    );
  }
}
