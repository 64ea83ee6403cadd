import { findDomain } from "../libvirt/index.ts";
import type { Outcome } from "./act.ts";
import type { HostLink } from "./host-link.ts";

const commandTimeoutMs = 10_000;

/** Where libvirt writes the number of a domain's QEMU process. */
const pidFile = (name: string) => `/run/libvirt/qemu/${name}.pid`;

/** $1 the process, $2 the UUID that its command line must carry: a number that was given anew is not killed. */
const killScript = 'tr "\\0" " " <"/proc/$1/cmdline" | grep -qF -- "$2" && kill -9 "$1"';

/**
 * Kills the QEMU process of one run of a domain. The process number is read first and the run is compared after: a domain that was
 * started anew in between has another run, and is left alone.
 */
export async function killQemu(
  link: HostLink,
  target: { readonly uuid: string; readonly name: string; readonly runId: number },
): Promise<Outcome> {
  const connection = link.connection();
  const limits = { timeoutMs: commandTimeoutMs };
  const read = await link.ssh.exec(["cat", pidFile(target.name)], limits);
  const pid = read.stdout.trim();
  if (read.code !== 0 || !/^\d+$/.test(pid)) return { done: false, words: "The VM has no process." };
  const now = await findDomain(connection, { uuid: target.uuid });
  if (now?.id !== target.runId)
    return { done: false, words: "The VM was started anew or moved since; that run was left alone." };
  const killed = await link.ssh.exec(["sh", "-c", killScript, "sh", pid, target.uuid], limits);
  return killed.code === 0
    ? { done: true, words: `The VM's process ${pid} was killed.` }
    : { done: false, words: "The VM's process was gone already." };
}
