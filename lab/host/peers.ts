import path from "node:path";
import { hostPaths } from "../paths.ts";
import { hostNetwork, type LabRecord } from "../state.ts";
import { hostKeyLine, makeKey } from "./files.ts";

export interface Peers {
  /** Public key lines of every host's root. */
  authorizedKeys: string;
  /** Every host's key, by address and by name. */
  knownHosts: string;
}

/**
 * Hosts log in to each other as root, with a key pair each: libvirt's peer-to-peer migration opens `qemu+ssh://` from the source
 * to the destination by itself, without anybody there to say yes.
 */
export async function ensurePeers(record: LabRecord): Promise<Peers> {
  const { name: lab, index, hosts } = record;
  const keys = await Promise.all(
    hosts.map((host) =>
      makeKey(path.join(hostPaths(lab, host.name).files, "root/.ssh/id_ed25519"), `root@${host.name}`),
    ),
  );
  const known = await Promise.all(
    hosts.map(
      async (host) => `${hostNetwork(index, host.number).address},${host.name} ${await hostKeyLine(lab, host.name)}\n`,
    ),
  );
  return { authorizedKeys: keys.map((key) => `${key.trim()}\n`).join(""), knownHosts: known.join("") };
}
