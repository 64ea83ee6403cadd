import { chmod, readFile, rm, writeFile } from "node:fs/promises";

/** Debian's packages ask this program whether they may start their service; 101 says no (invoke-rc.d(8)). */
const policyFile = "/usr/sbin/policy-rc.d";
const mark = "# Made by Belay's set-up while it installs packages.";
const policy = `#!/bin/sh\n${mark}\nexit 101\n`;

/**
 * Keeps packages from starting system services while they are installed, so that this machine does not become a hypervisor by
 * itself. A policy that somebody else made stays in force. Returns how to lift it.
 */
export async function forbidServices(file = policyFile): Promise<() => Promise<void>> {
  const before = await readFile(file, "utf8").catch(() => undefined);
  const ours = before === undefined || before.includes(mark); // left over from a set-up that was killed
  if (!ours) return async () => {};
  await writeFile(file, policy);
  await chmod(file, 0o755);
  return async () => {
    await rm(file, { force: true });
  };
}
