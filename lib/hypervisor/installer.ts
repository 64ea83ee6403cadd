import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type HostAddress, type HostInstaller, HostUnreachable, type InstallStep } from "../engine/ports.ts";
import {
  findNode,
  type HelperBundle,
  helperBundle,
  helperDir,
  oldestNode,
  placeFile,
  socketPath,
} from "../helper/index.ts";
import { isRpcError, SshConnection } from "../libvirt/index.ts";
import { BelayError } from "../model/index.ts";
import { start, uninstall, unit } from "./install-scripts.ts";
import { sshTarget } from "./target.ts";

const connectMs = 15_000;
const stepMs = 30_000;
const answerWithinMs = 10_000;
const answerEveryMs = 200;

const said = (text: string) => text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";

/** Runs a script on the host. Throws with its last words where it fails. */
async function run(ssh: SshConnection, script: string, args: readonly string[], stdin = ""): Promise<string> {
  const result = await ssh.exec(["sh", "-c", script, "sh", ...args], { timeoutMs: stepMs, stdin });
  if (result.code === 0) return result.stdout.trim();
  throw new BelayError("not-available", said(result.stderr) || "The host refused and said nothing.");
}

/** What the helper says of itself, once it answers. */
async function status(ssh: SshConnection, node: string, dir: string): Promise<{ version: string; words: string }> {
  const end = performance.now() + answerWithinMs;
  const argv = [
    node,
    path.posix.join(dir, "belay-host.mjs"),
    "status",
    "--config",
    path.posix.join(dir, "belay-host.json"),
  ];
  for (;;) {
    const { code, stdout, stderr } = await ssh.exec(argv, { timeoutMs: stepMs });
    if (code === 0) {
      const found: unknown = JSON.parse(stdout);
      if (typeof found === "object" && found !== null && "version" in found && "words" in found)
        return { version: String(found.version), words: String(found.words) };
    }
    if (performance.now() > end)
      throw new BelayError("not-available", `The helper was started and does not answer: ${said(stderr)}`, {
        cure: `Look on the host: journalctl -u belay-host, or ${dir}/log`,
      });
    await pause(answerEveryMs);
  }
}

async function* install(
  ssh: SshConnection,
  options: { readonly leaseMs: number; readonly watchdog?: string; readonly watchdogMs?: number },
  dir: string,
): AsyncGenerator<InstallStep, void> {
  const node = await run(ssh, findNode, [oldestNode]).catch(() => {
    throw new BelayError("not-available", `The host has no Node ${oldestNode} or newer.`, {
      cure: "On the host: apt install nodejs",
    });
  });
  yield { phase: "node", words: `The host has Node at ${node}.` };
  const bundle: HelperBundle = await helperBundle();
  await run(ssh, placeFile, [dir, "belay-host.mjs", "0700"], bundle.code);
  const config = { ...options, socket: socketPath, stateDir: dir };
  await run(ssh, placeFile, [dir, "belay-host.json", "0600"], `${JSON.stringify(config, undefined, 2)}\n`);
  const systemd = (await ssh.exec(["test", "-d", "/run/systemd/system"], { timeoutMs: stepMs })).code === 0;
  if (systemd) await run(ssh, placeFile, ["/etc/systemd/system", "belay-host.service", "0644"], unit(node, dir));
  yield { phase: "files", words: `belay-host ${bundle.version} is in ${dir}.` };
  const by = await run(ssh, start, [node, dir]);
  yield { phase: "start", words: `Started by ${by}.` };
  const answer = await status(ssh, node, dir);
  if (answer.version !== bundle.version)
    throw new BelayError("not-available", `Another helper answers there: ${answer.version}, not ${bundle.version}.`);
  yield { phase: "answer", words: `It answers. ${answer.words}` };
  const forwarded = await ssh.openUnixSocket(socketPath, { timeoutMs: stepMs }).catch((cause: unknown) => {
    throw new BelayError(
      "not-available",
      "The host's SSH server does not forward unix sockets, so Belay cannot hear the helper.",
      {
        cure: "In the host's sshd_config: AllowStreamLocalForwarding yes",
        cause,
      },
    );
  });
  forwarded.destroy();
  yield { phase: "forward", words: "Belay can reach it over SSH." };
}

/** Puts `belay-host` on hosts, over an SSH connection of its own with Belay's key. Twice is once; a newer one takes the lease over. */
export const createHostInstaller = ({
  identityFile,
  dir = helperDir,
}: {
  identityFile: string;
  dir?: string;
}): HostInstaller => {
  async function* over(host: HostAddress, work: (ssh: SshConnection) => AsyncIterable<InstallStep>) {
    const ssh = new SshConnection({
      ...sshTarget(host.uri),
      hostKeySha256: host.hostKeySha256,
      privateKey: { file: identityFile },
    });
    try {
      await ssh.open(AbortSignal.timeout(connectMs));
      yield* work(ssh);
    } catch (error) {
      if (isRpcError(error)) throw new HostUnreachable(error.message, { cause: error });
      throw error;
    } finally {
      ssh.close();
    }
  }
  return {
    install: (host, options) => over(host, (ssh) => install(ssh, options, dir)),
    uninstall: (host) =>
      over(host, async function* (ssh) {
        yield { phase: "uninstall", words: await run(ssh, uninstall, [dir]) };
      }),
  };
};
