import { setTimeout as pause } from "node:timers/promises";
import { hostPaths } from "../paths.ts";
import type { HostRecord, LabRecord } from "../state.ts";
import { LabError } from "../system/error.ts";
import { readText } from "../system/files.ts";
import { run } from "../system/run.ts";
import { hostPid } from "./boot.ts";
import { inside } from "./exec.ts";

const readyTimeoutMs = 60_000;

/** Asks sshd for its greeting, then libvirtd for its version: the second call waits in libvirtd until its drivers are up. One stopped on purpose is not waited for. */
const probe =
  "exec 3<>/dev/tcp/127.0.0.1/22 && read -r -t 5 hello <&3 && [[ $hello == SSH-* ]] && { [ -e /run/lab/libvirtd-stopped ] || virsh -q -c qemu:///system version; }";

/**
 * Waits until the host's sshd and libvirtd answer, asked from the host's own console: a host whose cable is cut gets ready
 * too. Fails with the last lines of the host's log when it stops or takes longer than a minute.
 */
export async function waitReady(record: LabRecord, host: HostRecord, signal?: AbortSignal): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs;
  let last = "";
  while (Date.now() < deadline) {
    const pid = await hostPid(record.name, host.name);
    if (pid === undefined) break;
    // The mounts are the last thing before the services: until then nsenter would see the machine's own files.
    if ((await readText(`/proc/${pid}/root/etc/hostname`))?.trim() === host.name) {
      const answer = await run(inside(pid, ["bash", "-c", probe]), {
        timeoutMs: readyTimeoutMs,
        ...(signal ? { signal } : {}),
      });
      if (answer.code === 0) return;
      last = answer.stderr.trim().split("\n").at(-1) ?? "";
    }
    await pause(30, undefined, signal ? { signal } : {});
  }
  const tail = ((await readText(hostPaths(record.name, host.name).log)) ?? "").trim().split("\n").slice(-5).join("\n");
  throw new LabError(
    `${host.name} is not ready: ${last}\n${tail}`,
    `the whole log: ${hostPaths(record.name, host.name).log}`,
  );
}
