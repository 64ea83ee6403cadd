import { readFile } from "node:fs/promises";
import type { HostCheckResult, HostExaminer, HostFacts } from "../engine/ports.ts";
import {
  connect,
  fetchHostKey,
  hostName,
  isRpcError,
  nodeInfo,
  SshConnection,
  sshDialer,
  versions,
} from "../libvirt/index.ts";
import { BelayError } from "../model/index.ts";
import { sshTarget } from "./target.ts";
import { atLeast, minimum } from "./versions.ts";

const timeoutMs = 15_000;
const minFreeMiB = 1024;
const imagesDir = "/var/lib/libvirt/images";

type Check = HostCheckResult;
const passed = (name: Check["name"], found: string): Check => ({ name, ok: true, found, cure: null });
const lacking = (name: Check["name"], found: string, cure: string): Check => ({ name, ok: false, found, cure });
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

interface Findings {
  readonly checks: Check[];
  readonly hostName: string | null;
  readonly facts: HostFacts | null;
}

async function checkStorage(ssh: SshConnection): Promise<Check> {
  const { code, stdout } = await ssh.exec(["df", "-Pm", imagesDir], { timeoutMs });
  const freeMiB = Number(stdout.trim().split("\n").at(-1)?.split(/\s+/)[3]);
  if (code !== 0 || Number.isNaN(freeMiB)) {
    return lacking("storage", `${imagesDir} is not there.`, `Make it: mkdir -p ${imagesDir}`);
  }
  return freeMiB >= minFreeMiB
    ? passed("storage", `${freeMiB} MiB free in ${imagesDir}.`)
    : lacking("storage", `Only ${freeMiB} MiB free in ${imagesDir}.`, `Free at least ${minFreeMiB} MiB there.`);
}

async function checkLibvirt(ssh: SshConnection): Promise<Findings> {
  const checks: Check[] = [];
  let connection: Awaited<ReturnType<typeof connect>>;
  try {
    connection = await connect({ dialer: sshDialer(ssh), connectTimeoutMs: timeoutMs });
  } catch (error) {
    const refused = isRpcError(error, "AuthRefused", "AuthUnsupported");
    const check = refused
      ? lacking("rights", messageOf(error), "Let the account manage libvirt: add it to the group libvirt, or use root.")
      : lacking(
          "libvirtd",
          messageOf(error),
          "Install and start it: apt install libvirt-daemon-system && systemctl enable --now libvirtd",
        );
    return { checks: refused ? [passed("libvirtd", "It answers."), check] : [check], hostName: null, facts: null };
  }
  try {
    const [node, version, name] = await Promise.all([nodeInfo(connection), versions(connection), hostName(connection)]);
    checks.push(passed("libvirtd", `It answers as ${name}.`), passed("rights", "The account may manage domains."));
    const libvirtOk = atLeast(version.libvirt, minimum.libvirt);
    const qemuOk = atLeast(version.hypervisor, minimum.qemu);
    const found = `libvirt ${version.libvirt}, ${version.driver} ${version.hypervisor}.`;
    checks.push(
      libvirtOk && qemuOk && version.driver === "QEMU"
        ? passed("versions", found)
        : lacking(
            "versions",
            found,
            `Belay needs the QEMU driver, libvirt ${minimum.libvirt} and QEMU ${minimum.qemu} or newer: upgrade the host.`,
          ),
    );
    const events = await connection.subscribe(["lifecycle"]).then(
      (subscription) =>
        subscription.close().then(() => passed("events", "The host tells what happens to its domains.")),
      (error: unknown) => lacking("events", messageOf(error), "The hypervisor's driver must support domain events."),
    );
    checks.push(events);
    const facts: HostFacts = {
      cpus: node.cpus,
      memoryMiB: Math.floor(node.memoryKiB / 1024),
      libvirtVersion: version.libvirt,
      qemuVersion: version.hypervisor,
    };
    return { checks, hostName: name, facts };
  } finally {
    await connection.close();
  }
}

async function lookInside(
  uri: string,
  identityFile: string,
  hostKeySha256: string,
  publicKey: string,
): Promise<Findings> {
  const target = sshTarget(uri);
  const ssh = new SshConnection({ ...target, hostKeySha256, privateKey: { file: identityFile } });
  try {
    try {
      await ssh.open(AbortSignal.timeout(timeoutMs));
    } catch (error) {
      const cure = `On the host, as ${target.username}: echo '${publicKey}' >> ~/.ssh/authorized_keys`;
      return { checks: [lacking("ssh-login", messageOf(error), cure)], hostName: null, facts: null };
    }
    const libvirt = await checkLibvirt(ssh);
    const storage = await checkStorage(ssh);
    return {
      ...libvirt,
      checks: [passed("ssh-login", `Logged in as ${target.username}.`), ...libvirt.checks, storage],
    };
  } finally {
    ssh.close();
  }
}

/** Looks at a host before it is enrolled: its key first, the rest only when a person approved that key. */
export const createExaminer = ({ identityFile }: { identityFile: string }): HostExaminer => ({
  async examine(uri, approvedHostKeySha256) {
    const { host, port } = sshTarget(uri);
    const key = await fetchHostKey({ host, port, timeoutMs }).catch((cause: unknown) => {
      throw new BelayError("host-unreachable", messageOf(cause), {
        field: "uri",
        cure: `Is ${host} up, and does its SSH server listen on port ${port}?`,
        cause,
      });
    });
    const belayPublicKey = (await readFile(`${identityFile}.pub`, "utf8")).trim();
    const shown = { uri, hostKeySha256: key.sha256, hostKeyAlgorithm: key.algorithm, belayPublicKey };
    if (approvedHostKeySha256 !== key.sha256) {
      const found =
        approvedHostKeySha256 === undefined
          ? `The host shows ${key.sha256} (${key.algorithm}).`
          : `The host shows ${key.sha256}, but ${approvedHostKeySha256} was approved.`;
      const check = lacking(
        "host-key",
        found,
        "Compare it with the host's own: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
      );
      return { ...shown, hostName: null, facts: null, ready: false, checks: [check] };
    }
    const inside = await lookInside(uri, identityFile, key.sha256, belayPublicKey);
    const checks = [passed("host-key", `${key.sha256} (${key.algorithm}) is approved.`), ...inside.checks];
    return {
      ...shown,
      hostName: inside.hostName,
      facts: inside.facts,
      checks,
      ready: checks.every((check) => check.ok),
    };
  },
});
