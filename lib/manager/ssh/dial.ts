import { Client } from "ssh2";
import { messageOf, SshError } from "./errors.ts";
import { type HostKeys, hostKeySha256, type VmLife } from "./host-keys.ts";

export interface DialOptions {
  readonly life: VmLife;
  readonly address: string;
  readonly port?: number;
  readonly username?: string;
  readonly privateKey: string | Buffer;
  readonly hostKeys: HostKeys;
  /** Until it is authenticated. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A fresh SSH connection to a VM. The key that a generation of a VM shows first is remembered, and from then on no other will do. */
export async function dial(options: DialOptions): Promise<Client> {
  const { life, address, port = 22, username = "root", hostKeys } = options;
  const target = `${life.vm} (${username}@${address}:${port})`;
  const known = hostKeys.known(life);
  const client = new Client();
  let shown: string | undefined;
  let failed: SshError | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => fail("timedOut", `${target}: no SSH connection within ${options.timeoutMs} ms`),
        options.timeoutMs,
      );
      const fail = (code: SshError["code"], message: string, cause?: unknown) => {
        failed ??= new SshError(code, message, { cause });
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", stop);
        reject(failed);
      };
      const stop = () => fail("stopped", `${target}: stopped by the caller`);
      if (options.signal?.aborted) return stop();
      options.signal?.addEventListener("abort", stop, { once: true });
      // Both stay for the client's life: an error without a listener would end the process.
      client.on("error", (cause) => {
        const refused = "level" in cause && cause.level === "client-authentication";
        fail(
          refused ? "refused" : "unreachable",
          `${target}: ${refused ? "the VM refused the key" : cause.message}`,
          cause,
        );
      });
      client.on("close", () => fail("unreachable", `${target}: the VM closed the connection`));
      client.once("ready", () => {
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", stop);
        resolve();
      });
      client.connect({
        host: address,
        port,
        username,
        privateKey: options.privateKey,
        readyTimeout: 0,
        // In a guest without AES in hardware, an emulated one above all, archives come three times as fast by it.
        algorithms: { cipher: { prepend: ["chacha20-poly1305@openssh.com"], append: [], remove: [] } },
        // A small VM that is busy, or that shares its host with many, is silent for seconds.
        keepaliveInterval: 3000,
        keepaliveCountMax: 4,
        hostVerifier: (key: Buffer) => {
          shown = hostKeySha256(key);
          if (known === undefined || known === shown) return true;
          fail(
            "hostKeyChanged",
            `${target}: shows the host key ${shown}, and showed ${known} before in generation ${life.generation}`,
          );
          return false;
        },
      });
    });
    if (known === undefined && shown !== undefined) await hostKeys.remember(life, shown);
    return client;
  } catch (error) {
    client.destroy();
    throw error instanceof SshError
      ? error
      : new SshError("unreachable", `${target}: ${messageOf(error)}`, { cause: error });
  }
}
