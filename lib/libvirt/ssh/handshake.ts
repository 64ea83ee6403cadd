import { Client } from "ssh2";
import { deadline, whenAborted } from "../deadline.ts";
import { aborted, HostKeyMismatch, isRpcError, messageOf, RpcError } from "../errors.ts";
import { describeHostKey } from "./host-key.ts";
import { type SshOptions, ssh2Config } from "./options.ts";
import { openTcp } from "./tcp.ts";

/**
 * A fresh, authenticated SSH connection to the pinned host. Throws RpcError: `HostKeyMismatch`, `AuthRefused`, `DialFailed`,
 * `CallTimeout`, `Aborted`.
 */
export async function sshHandshake(options: SshOptions, signal: AbortSignal): Promise<Client> {
  const { host, port = 22, username, connectTimeoutMs = 10_000 } = options;
  const target = `SSH ${username}@${host}:${port}`;
  const limit = deadline(connectTimeoutMs, signal);
  try {
    const config = await ssh2Config(options);
    const socket = await openTcp(host, port, limit.signal);
    return await new Promise<Client>((resolve, reject) => {
      const client = new Client();
      let mismatch: HostKeyMismatch | undefined;
      const fail = (cause: unknown) => {
        socket.destroy();
        reject(mismatch ?? explain(target, options, cause));
      };
      const forget = whenAborted(limit.signal, () => fail(limit.signal.reason));
      // Both stay for the client's life: an error without a listener would end the process.
      client.on("error", fail);
      client.on("close", () => fail(new Error("the host closed the connection")));
      client.once("ready", () => {
        forget();
        resolve(client);
      });
      try {
        client.connect({
          ...config,
          sock: socket,
          hostVerifier: (key: Buffer) => {
            const { sha256 } = describeHostKey(key);
            if (sha256 !== options.hostKeySha256) mismatch = new HostKeyMismatch(target, options.hostKeySha256, sha256);
            return mismatch === undefined;
          },
        });
      } catch (cause) {
        fail(cause);
      }
    });
  } catch (error) {
    if (signal.aborted) throw aborted(target, signal);
    if (limit.expired && !isRpcError(error, "HostKeyMismatch", "AuthRefused")) {
      throw new RpcError("CallTimeout", `${target}: no connection within ${connectTimeoutMs} ms`, { cause: error });
    }
    throw error;
  } finally {
    limit.clear();
  }
}

function explain(target: string, options: SshOptions, cause: unknown): RpcError {
  const level = cause instanceof Error && "level" in cause ? cause.level : undefined;
  if (level === "client-authentication") {
    return new RpcError(
      "AuthRefused",
      `${target}: the host refused the key. Put its public half into ~${options.username}/.ssh/authorized_keys there.`,
      { cause },
    );
  }
  return new RpcError("DialFailed", `${target}: ${messageOf(cause)}`, { cause });
}
