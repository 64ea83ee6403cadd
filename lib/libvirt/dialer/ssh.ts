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
  options: { readonly socketPath?: string; readonly uri?: string } = {},
): Dialer {
  const { socketPath = systemSocketPath, uri = "qemu:///system" } = options;
  let byCommand = false;

  const throughCommand = async (signal: AbortSignal): Promise<Duplex> => {
    const duplex = await ssh.spawn(["sh", "-c", helperScript, "sh", uri, socketPath], { signal });
    byCommand = true;
    duplex.once("error", () => {
      byCommand = false;
    });
    return duplex;
  };

  return {
    target: `${ssh.target} ${socketPath}`,
    async dial(signal) {
      if (byCommand) return throughCommand(signal);
      try {
        return await ssh.openUnixSocket(socketPath, { signal });
      } catch (refused) {
        if (!isRpcError(refused, "DialFailed") || ssh.state !== "open") throw refused;
        // sshd says the same whether forwarding is forbidden or nobody listens: only trying the other way tells.
        return throughCommand(signal);
      }
    },
  };
}
