import { LabError } from "../system/error.ts";
import { must, type RunOptions, type RunResult, run } from "../system/run.ts";
import { hostPid } from "./boot.ts";

/** Arguments that run a program inside a host's namespaces, as from its console: works without network, too. */
export function inside(pid: number, argv: readonly string[]): string[] {
  return ["nsenter", "--target", String(pid), "--mount", "--uts", "--ipc", "--net", "--pid", "--wdns=/", "--", ...argv];
}

async function requirePid(lab: string, host: string): Promise<number> {
  const pid = await hostPid(lab, host);
  if (pid === undefined) throw new LabError(`${host} is off`, `npm run lab -- power on ${host} --lab ${lab}`);
  return pid;
}

/** Runs a program on a host as root, from its console (not over SSH). Any exit code is an answer; a host that is off is an error. */
export async function execOnHost(
  lab: string,
  host: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  return await run(inside(await requirePid(lab, host), argv), options);
}

/** As execOnHost, but a non-zero exit is an error. Answers standard output. */
export async function mustOnHost(
  lab: string,
  host: string,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  return await must(inside(await requirePid(lab, host), argv), options);
}
