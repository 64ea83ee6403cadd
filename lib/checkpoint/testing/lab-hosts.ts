import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { createHypervisor } from "../../hypervisor/index.ts";
import type { Host } from "../../model/index.ts";

const run = promisify(execFile);
export type Address = Pick<Host, "id" | "name" | "uri" | "hostKeySha256">;

/** Watches a host for a whole test; resolves when it is connected for the first time. */
export async function watched(
  hypervisor: ReturnType<typeof createHypervisor>,
  host: Address,
  signal: AbortSignal,
): Promise<Address> {
  const signals = hypervisor.watch(host, signal)[Symbol.asyncIterator]();
  for (;;) {
    const { value, done } = await signals.next();
    if (done) throw new Error("the watch ended");
    if (value.kind === "connected") break;
  }
  void (async () => {
    while ((await signals.next()).done !== true);
  })();
  return host;
}

/** What a command of the guest's root says. `key`: a file that the guest lets in. */
export async function sayInGuest(address: string, key: string, command: string): Promise<string> {
  const options = ["-oStrictHostKeyChecking=no", "-oUserKnownHostsFile=/dev/null", "-oLogLevel=ERROR", "-i", key];
  const { stdout } = await run("ssh", [...options, `root@${address}`, command], { timeout: 20_000 });
  return stdout.trim();
}
