import { execOnHost } from "./host/exec.ts";
import { requireHost, requireRecord } from "./state.ts";
import type { RunOptions, RunResult } from "./system/run.ts";

/**
 * Runs a program as root on a host, from its console: no SSH, so it works on a host whose cable is cut. Any exit code is an
 * answer; a host that is off, or no end within `timeoutMs` (30 s), is an error.
 */
export async function runOnHost(
  lab: string,
  host: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  requireHost(await requireRecord(lab), host);
  return await execOnHost(lab, host, argv, options);
}
