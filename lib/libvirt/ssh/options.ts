import { readFile } from "node:fs/promises";
import type { ConnectConfig } from "ssh2";
import { messageOf, RpcError } from "../errors.ts";
import type { KeepaliveOptions } from "../session/keepalive.ts";
import { signatureAlgorithms } from "./host-key.ts";

export interface SshOptions {
  readonly host: string;
  /** Default 22. */
  readonly port?: number;
  readonly username: string;
  /** The key approved at enrolment, "SHA256:…". Any other ends the connection before authentication. */
  readonly hostKeySha256: string;
  /** Type of that key ("ssh-ed25519"): a host that later gets a further key is then still recognised by this one. */
  readonly hostKeyAlgorithm?: string;
  /** Private key: its text or bytes, or the file it is in. */
  readonly privateKey?: string | Buffer | { readonly file: string };
  readonly passphrase?: string;
  /** Socket of an SSH agent, instead of or beside a key. */
  readonly agentSocket?: string;
  /** Until the connection is authenticated. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** Default: every 5 s, dead after 3 unanswered. */
  readonly keepalive?: KeepaliveOptions;
}

export function checkSshOptions(options: SshOptions): void {
  if (!/^SHA256:[A-Za-z0-9+/]{43}$/.test(options.hostKeySha256)) {
    throw new RangeError(`hostKeySha256 must look like "SHA256:" and 43 characters, not "${options.hostKeySha256}"`);
  }
  if (options.privateKey === undefined && options.agentSocket === undefined) {
    throw new RangeError(`SSH to ${options.host}: a privateKey or an agentSocket is needed`);
  }
}

/** ssh2's settings for these options; reads the key file. */
export async function ssh2Config(options: SshOptions): Promise<ConnectConfig> {
  const { privateKey, keepalive = { intervalMs: 5000, count: 3 } } = options;
  return {
    username: options.username,
    ...(privateKey !== undefined && { privateKey: await keyMaterial(privateKey) }),
    ...(options.passphrase !== undefined && { passphrase: options.passphrase }),
    ...(options.agentSocket !== undefined && { agent: options.agentSocket }),
    ...(options.hostKeyAlgorithm !== undefined && {
      // ssh2's type lists the algorithms it knows; an unknown one is refused by ssh2 itself, with its name.
      algorithms: { serverHostKey: signatureAlgorithms(options.hostKeyAlgorithm) as never },
    }),
    readyTimeout: 0,
    keepaliveInterval: keepalive.intervalMs,
    keepaliveCountMax: keepalive.count,
  };
}

async function keyMaterial(key: NonNullable<SshOptions["privateKey"]>): Promise<string | Buffer> {
  if (typeof key === "string" || Buffer.isBuffer(key)) return key;
  try {
    return await readFile(key.file);
  } catch (cause) {
    throw new RpcError("DialFailed", `the SSH key ${key.file} cannot be read: ${messageOf(cause)}`, { cause });
  }
}
