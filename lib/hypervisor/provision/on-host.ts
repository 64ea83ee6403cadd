import { HypervisorRefused } from "../../engine/ports.ts";
import type { HostId } from "../../model/index.ts";
import type { HostShell } from "../shell.ts";

const scriptMs = 60_000;

/** Runs one of our scripts on a host. Throws `HypervisorRefused` with its last words where it fails. */
export async function runScript(
  shell: HostShell,
  host: HostId,
  script: string,
  args: readonly string[],
  stdin: Uint8Array | string = "",
): Promise<string> {
  const done = await shell.exec(host, ["sh", "-c", script, "sh", ...args], { timeoutMs: scriptMs, stdin });
  if (done.code === 0) return done.stdout.trim();
  throw new HypervisorRefused(
    done.stderr.trim().split("\n").at(-1)?.slice(0, 300) || "The host refused and said nothing.",
  );
}
