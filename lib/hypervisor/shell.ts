import type { Duplex } from "node:stream";
import { HostUnreachable } from "../engine/ports.ts";
import type { Connection, ExecOptions, ExecResult } from "../libvirt/index.ts";
import type { HostId } from "../model/index.ts";
import { asPortError } from "./errors.ts";
import type { HostLinks } from "./links.ts";

/** Commands and libvirt on hosts over their kept SSH connections, for other rooms that work there. Throws `HostUnreachable`. */
export interface HostShell {
  exec(host: HostId, argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  /** A command's input and output as one stream; it fails unless the command ended with 0. */
  spawn(host: HostId, argv: readonly string[]): Promise<Duplex>;
  libvirt(host: HostId): Connection;
  /** Whether the host's connection stands now: without it nothing is dialled. */
  stands(host: HostId): boolean;
}

export function hostShell(links: HostLinks): HostShell {
  /** Nothing here dials: only the watch of a host does, so that a host that is not watched is never reached by accident. */
  const over = async <T>(host: HostId, work: (ssh: ReturnType<HostLinks["of"]>["ssh"]) => Promise<T>): Promise<T> => {
    const { ssh } = links.of(host);
    if (ssh.state !== "open") throw new HostUnreachable("The host's SSH connection does not stand.");
    try {
      return await work(ssh);
    } catch (error) {
      throw asPortError(error);
    }
  };
  return {
    exec: (host, argv, options) => over(host, (ssh) => ssh.exec(argv, options)),
    spawn: (host, argv) => over(host, (ssh) => ssh.spawn(argv)),
    libvirt: (host) => links.of(host).connection(),
    stands: (host) => links.find(host)?.ssh.state === "open",
  };
}
