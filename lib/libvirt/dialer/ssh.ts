import type { Duplex } from "node:stream";
import { isRpcError } from "../errors.ts";
import type { SshConnection } from "../ssh/connection.ts";
import type { Dialer } from "./dialer.ts";
import { systemSocketPath } from "./unix.ts";

/** Joins its input and output with the daemon, by libvirt's own helper where it is installed, else by netcat. */
const helperScript =
  'if command -v virt-ssh-helper >/dev/null 2>&1; then exec virt-ssh-helper "$1"; else exec nc -U "$2"; fi';

/**
 * Dials a daemon on another host over its kept SSH connection. A host whose sshd does not forward unix sockets is reached
 * through a command there instead, which is remembered while it works.
 */
export function sshDialer(
  ssh: SshConnection,
  options: {
    readonly socketPath?: string;
    readonly uri?: string;
    /** How long a host may take to open a channel over a kept connection before that is given up for a fresh one. Default 3 s. */
    readonly channelTimeoutMs?: number;
  } = {},
): Dialer {
  const { socketPath = systemSocketPath, uri = "qemu:///system", channelTimeoutMs: timeoutMs = 3000 } = options;
  let byCommand = false;

  const throughCommand = async (signal: AbortSignal): Promise<Duplex> => {
    const duplex = await ssh.spawn(["sh", "-c", helperScript, "sh", uri, socketPath], { signal });
    byCommand = true;
    duplex.once("error", () => {
      byCommand = false;
    });
    return duplex;
  };

  /** A kept connection may lead to a host that died in silence: found out here, and not when its TCP gives up. */
  const openSocket = async (signal: AbortSignal): Promise<Duplex> => {
    const kept = ssh.state === "open";
    try {
      return await ssh.openUnixSocket(socketPath, { signal, timeoutMs });
    } catch (error) {
      if (!kept || !isRpcError(error, "CallTimeout", "ConnectionClosed")) throw error;
      return ssh.openUnixSocket(socketPath, { signal, timeoutMs });
    }
  };

  return {
    target: `${ssh.target} ${socketPath}`,
    async dial(signal) {
      if (byCommand) return throughCommand(signal);
      try {
        return await openSocket(signal);
      } catch (refused) {
        if (!isRpcError(refused, "DialFailed") || ssh.state !== "open") throw refused;
        // sshd says the same whether forwarding is forbidden or nobody listens: only trying the other way tells.
        return throughCommand(signal);
      }
    },
  };
}
