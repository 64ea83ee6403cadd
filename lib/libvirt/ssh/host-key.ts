import { createHash } from "node:crypto";
import { Client } from "ssh2";
import { deadline, whenAborted } from "../deadline.ts";
import { isRpcError, messageOf, RpcError } from "../errors.ts";
import { openTcp } from "./tcp.ts";

/** What a person compares and approves when a host is enrolled. */
export interface HostKey {
  /** E.g. "ssh-ed25519". */
  readonly algorithm: string;
  /** As `ssh-keygen -l` shows it: "SHA256:" and 43 characters of base64. */
  readonly sha256: string;
}

export function describeHostKey(key: Buffer): HostKey {
  // The blob begins with its own type: u32 length, then the name (RFC 4253, 6.6).
  const algorithm = key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");
  return { algorithm, sha256: `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}` };
}

/** Names in the handshake under which a key of this type proves itself: one RSA key signs in two ways. */
export function signatureAlgorithms(keyAlgorithm: string): string[] {
  return keyAlgorithm === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [keyAlgorithm];
}

/**
 * The key that a host shows, for enrolment. The host proves that it holds it (the handshake is completed); no account is named
 * and nothing is authenticated.
 */
export async function fetchHostKey(options: {
  readonly host: string;
  readonly port?: number;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}): Promise<HostKey> {
  const { host, port = 22, timeoutMs = 10_000 } = options;
  const limit = deadline(timeoutMs, options.signal);
  try {
    const socket = await openTcp(host, port, limit.signal);
    return await new Promise<HostKey>((resolve, reject) => {
      const client = new Client();
      let shown: HostKey | undefined;
      const fail = (cause: unknown) => {
        socket.destroy();
        reject(new RpcError("DialFailed", `SSH host ${host}:${port}: ${messageOf(cause)}`, { cause }));
      };
      whenAborted(limit.signal, () => fail(limit.signal.reason));
      client.on("error", fail);
      client.on("close", () => fail(new Error("the host closed the connection before it showed a key")));
      client.on("handshake", () => {
        socket.destroy();
        if (shown) resolve(shown);
      });
      client.connect({
        sock: socket,
        username: "nobody",
        authHandler: [],
        readyTimeout: 0,
        hostVerifier: (key: Buffer) => {
          shown = describeHostKey(key);
          return true;
        },
      });
    });
  } catch (error) {
    if (limit.expired && isRpcError(error)) {
      throw new RpcError("CallTimeout", `SSH host ${host}:${port}: no key within ${timeoutMs} ms`, { cause: error });
    }
    throw error;
  } finally {
    limit.clear();
  }
}
