import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { LabHost, LabState } from "../../../lab/index.ts";
import { shellCommand } from "../../../lib/libvirt/index.ts";
import type { BenchContext } from "../types.ts";

const run = promisify(execFile);

/**
 * One `virsh` call over a new SSH connection, as an operator's script makes it, with the host's key pinned as ours is. Gives how
 * to make it; it answers what virsh printed.
 */
export async function virshOverSsh(
  lab: LabState,
  host: LabHost,
  { signal, onEnd }: Pick<BenchContext, "signal" | "onEnd">,
): Promise<(...argv: readonly string[]) => Promise<string>> {
  const dir = await mkdtemp(path.join(tmpdir(), "belay-virsh-"));
  onEnd(() => rm(dir, { recursive: true, force: true }));
  const knownHosts = path.join(dir, "known_hosts");
  const { stdout: scanned } = await run("ssh-keyscan", ["-t", "ed25519", host.address], { signal });
  await writeFile(knownHosts, scanned);
  const { stdout: shown } = await run("ssh-keygen", ["-l", "-f", knownHosts], { signal });
  if (!shown.includes(host.hostKeySha256)) throw new Error(`${host.name} shows ${shown}, not ${host.hostKeySha256}`);

  // libvirt's ssh transport takes the program to run, and nothing of the user's own configuration shall be measured.
  const ssh = path.join(dir, "ssh");
  const settings = [`UserKnownHostsFile=${knownHosts}`, "StrictHostKeyChecking=yes", "IdentitiesOnly=yes"];
  const command = ["ssh", "-F", "/dev/null", "-i", lab.identityFile, ...settings.flatMap((one) => ["-o", one])];
  await writeFile(ssh, `#!/bin/sh\nexec ${shellCommand(command)} "$@"\n`);
  await chmod(ssh, 0o700);
  const uri = `qemu+ssh://root@${host.address}/system?command=${encodeURIComponent(ssh)}`;
  return async (...argv) => (await run("virsh", ["-c", uri, ...argv], { signal, timeout: 60_000 })).stdout;
}
