import { createHash, randomUUID } from "node:crypto";
import { chmod, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { hostPaths, labPaths, sharedMount } from "../paths.ts";
import { type HostRecord, hostNetwork, type LabRecord } from "../state.ts";
import { readText, writeAtomic } from "../system/files.ts";
import { must } from "../system/run.ts";
import type { Peers } from "./peers.ts";

/** What the host keeps across power cycles, as a disk would. Bound over the same paths inside by init.sh. */
const directories: ReadonlyArray<[path: string, mode: number]> = [
  ["etc/libvirt/qemu/networks", 0o755],
  ["etc/ssh", 0o755],
  ["var/lib/libvirt/images", 0o711],
  ["var/lib/libvirt/qemu", 0o751],
  ["var/log/libvirt/qemu", 0o755],
  ["var/cache/libvirt", 0o755],
  ["root/.ssh", 0o700],
  ["root", 0o700],
  ["tmp", 0o1777],
];

/**
 * No cgroup manager, no security module, no log daemon: the settings without which a domain does not start in a namespace.
 * The last line is for libvirts newer than Debian 12's, which ignores it and wants VIR_MIGRATE_UNSAFE instead: see README.md.
 */
const qemuConf = `cgroup_controllers = []
namespaces = []
security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
stdio_handler = "file"
shared_filesystems = ["${sharedMount}"]
`;

/** A host id of its own: hosts that share one refuse to migrate to each other. No polkit here: the socket is root's. */
const libvirtdConf = (uuid: string) => `host_uuid = "${uuid}"
auth_unix_rw = "none"
auth_unix_ro = "none"
unix_sock_rw_perms = "0700"
log_outputs = "2:stderr"
`;

/** UsePAM no: PAM would want a session manager. Root's shadow entry has no password at all, so keys are the only way in. */
const sshdConfig = `Port 22
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
AllowUsers root
PidFile none
Subsystem sftp internal-sftp
`;

/** Fingerprint of a public key line as `ssh-keygen -l` prints it: "SHA256:" and unpadded base64. */
export function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.trim().split(/\s+/)[1] ?? "", "base64");
  return `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`;
}

/** A key pair without a passphrase; the one that is there, if so. Answers the public line. */
export async function makeKey(file: string, comment: string): Promise<string> {
  if ((await readText(`${file}.pub`)) === undefined || (await readText(file)) === undefined) {
    const draft = `${file}.${randomUUID()}`;
    await must(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", draft]);
    // The private half last: a crash between the two leaves the pair incomplete, and the next call makes a new one.
    await must(["mv", "-f", `${draft}.pub`, `${file}.pub`]);
    await must(["mv", "-f", draft, file]);
  }
  return await readFile(`${file}.pub`, "utf8");
}

/** The lab's own key pair (identityFile). Answers the public line. */
export async function ensureLabKey(lab: string): Promise<string> {
  await mkdir(labPaths(lab).dir, { recursive: true, mode: 0o700 });
  return await makeKey(labPaths(lab).identity, `belay-lab-${lab}`);
}

/** Makes a host's directories and its SSH host key, once for the life of the lab's state. */
export async function createHostFiles(lab: string, name: string, number: number): Promise<HostRecord> {
  const { files } = hostPaths(lab, name);
  for (const [directory, mode] of directories) {
    await mkdir(path.join(files, directory), { recursive: true });
    await chmod(path.join(files, directory), mode);
  }
  const publicKey = await makeKey(path.join(files, "etc/ssh/ssh_host_ed25519_key"), name);
  const uuid = (await readText(path.join(files, "etc/host-uuid")))?.trim() ?? randomUUID();
  await writeAtomic(path.join(files, "etc/host-uuid"), `${uuid}\n`);
  return { name, number, uuid, keySha256: fingerprint(publicKey) };
}

/** Writes the host's settings, derived anew from the lab's record each time it is brought up. */
export async function writeHostSettings(
  record: LabRecord,
  host: HostRecord,
  keys: string,
  peers: Peers,
): Promise<void> {
  const { files } = hostPaths(record.name, host.name);
  const names = record.hosts.map((one) => `${hostNetwork(record.index, one.number).address}\t${one.name}\n`).join("");
  const settings: Record<string, [content: string, mode: number]> = {
    "etc/libvirt/qemu.conf": [qemuConf, 0o600],
    "etc/libvirt/libvirtd.conf": [libvirtdConf(host.uuid), 0o644],
    "etc/ssh/sshd_config": [sshdConfig, 0o644],
    "etc/hosts": [`127.0.0.1\tlocalhost\n${names}`, 0o644],
    "etc/hostname": [`${host.name}\n`, 0o644],
    "etc/machine-id": [`${host.uuid.replaceAll("-", "")}\n`, 0o444],
    "etc/shadow": ["root:*:19000:0:99999:7:::\n", 0o600],
    "root/.ssh/authorized_keys": [`${keys}${peers.authorizedKeys}`, 0o600],
    "root/.ssh/known_hosts": [peers.knownHosts, 0o600],
  };
  for (const [file, [content, mode]] of Object.entries(settings)) {
    const target = path.join(files, file);
    // An unchanged file keeps its inode: single files are bound into a running host, and a rename would not reach it.
    if ((await readText(target)) !== content) await writeAtomic(target, content, mode);
  }
}

/** "ssh-ed25519 AAAA…" of a host, for a known_hosts file. */
export async function hostKeyLine(lab: string, host: string): Promise<string> {
  const text = await readFile(path.join(hostPaths(lab, host).files, "etc/ssh/ssh_host_ed25519_key.pub"), "utf8");
  return text.trim().split(/\s+/).slice(0, 2).join(" ");
}
