import type { Duplex } from "node:stream";
import type { Connection, ExecOptions, ExecResult } from "../../libvirt/index.ts";
import type { HostId } from "../../model/index.ts";

/** What this room needs of hosts: commands and libvirt over their kept connections. All throw `HostUnreachable`. */
export interface HostShell {
  exec(host: HostId, argv: readonly string[], options: ExecOptions): Promise<ExecResult>;
  spawn(host: HostId, argv: readonly string[]): Promise<Duplex>;
  libvirt(host: HostId): Connection;
  stands(host: HostId): boolean;
}
