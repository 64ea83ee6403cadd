import { cloudView } from "../../lib/contract/index.ts";
import type { HostInstaller, InstallStep } from "../../lib/engine/ports.ts";
import { Failure } from "../kit/failure.ts";
import type { HostIo } from "./commands.ts";

export interface InstallOptions {
  readonly watchdog?: string | undefined;
  /** Seconds. */
  readonly watchdogTimeout?: string | undefined;
}

async function enrolled({ client }: HostIo, name: string) {
  const { hosts, policy } = await client.ask("GET", "/cloud", cloudView);
  const host = hosts.find((one) => one.name === name || one.id === name);
  if (host === undefined)
    throw new Failure(
      `No host is called ${name}.`,
      hosts.length === 0 ? "None is enrolled." : `There are: ${hosts.map((one) => one.name).join(", ")}`,
    );
  return { host, policy };
}

async function show(io: HostIo, steps: AsyncIterable<InstallStep>): Promise<void> {
  for await (const { words } of steps) io.print(`  ✓ ${words}`);
}

/** Over SSH from here, with Belay's own key: on the server's machine, as all of `npm run host`. */
export async function installHelper(
  io: HostIo,
  installer: HostInstaller,
  name: string,
  options: InstallOptions,
): Promise<void> {
  const { host, policy } = await enrolled(io, name);
  const { watchdog, watchdogTimeout } = options;
  const watchdogMs = watchdogTimeout === undefined ? undefined : Number(watchdogTimeout) * 1000;
  if (watchdogMs !== undefined && !(Number.isInteger(watchdogMs) && watchdogMs >= 1000))
    throw new Failure(`--watchdog-timeout is ${watchdogTimeout}.`, "Give it in seconds, 1 or more.");
  const settings = {
    leaseMs: policy?.leaseMs ?? 8_000,
    ...(watchdog !== undefined && { watchdog }),
    ...(watchdogMs !== undefined && { watchdogMs }),
  };
  await show(io, installer.install(host, settings));
  io.print("");
  io.print(`${host.name} has its helper. Belay connects to it within a few seconds.`);
  io.print("Next: see on its page what protects it. To take the helper away again:");
  io.print(`    npm run host -- uninstall ${host.name}`);
}

export async function uninstallHelper(io: HostIo, installer: HostInstaller, name: string): Promise<void> {
  const { host } = await enrolled(io, name);
  await show(io, installer.uninstall(host));
  io.print("");
  io.print(`${host.name} has no helper any more. Its guests run on; a lease no longer proves anything.`);
  io.print("Next: see on its page what protects it now. To put the helper back:");
  io.print(`    npm run host -- install ${host.name}`);
}
