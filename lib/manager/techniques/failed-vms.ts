import type { VmSpec } from "../description/index.ts";
import { ManagerError } from "../servers.ts";

/** Of VMs that are made anew together: what failed with which. */
export interface FailedVm {
  readonly vm: string;
  readonly reason: unknown;
}

export function sorted(
  specs: readonly VmSpec[],
  results: readonly PromiseSettledResult<unknown>[],
): { readonly well: readonly VmSpec[]; readonly failed: readonly FailedVm[] } {
  const failed = specs.flatMap(({ name }, at): FailedVm[] => {
    const result = results[at];
    return result?.status === "rejected" ? [{ vm: name, reason: result.reason }] : [];
  });
  return { well: specs.filter(({ name }) => !failed.some(({ vm }) => vm === name)), failed };
}

/** All of it as one failure, in which nothing is left out. */
export function oneFailure(failed: readonly FailedVm[]): ManagerError {
  const problems = failed.map(({ reason }) =>
    reason instanceof ManagerError
      ? reason
      : new ManagerError({ code: "failed", message: reason instanceof Error ? reason.message : String(reason) }),
  );
  const [code, ...others] = new Set(problems.map((problem) => problem.code));
  const together = (words: readonly (string | undefined)[]) =>
    [...new Set(words.flatMap((one) => one ?? []))].join(" ") || undefined;
  const [cure, output] = [together(problems.map((one) => one.cure)), together(problems.map((one) => one.output))];
  return new ManagerError(
    {
      code: others.length === 0 && code !== undefined ? code : "failed",
      message: together(problems.map((one) => one.message)) ?? "",
      ...(cure !== undefined && { cure }),
      ...(output !== undefined && { output }),
      vms: failed.map(({ vm }) => vm),
    },
    { cause: failed[0]?.reason },
  );
}
