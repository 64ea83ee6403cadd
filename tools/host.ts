import path from "node:path";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { createHostInstaller, ensureIdentity } from "../lib/hypervisor/index.ts";
import { type AddOptions, addHost, examineHost, type HostIo, listHosts, removeHost } from "./host/commands.ts";
import { type InstallOptions, installHelper, uninstallHelper } from "./host/helper-commands.ts";
import { explain } from "./kit/failure.ts";
import { inProject } from "./kit/project.ts";
import { clientOf } from "./operator/client.ts";

/** `npm run host`: the hosts that the running server watches. */

const { stdin, stdout } = process;

async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stdout });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

const io: HostIo = {
  client: clientOf(process.env),
  print: (line) => console.log(line),
  ask: stdin.isTTY && stdout.isTTY ? ask : undefined,
};

/** With the key that the server of this data directory uses: the hosts let it in already. */
async function installer() {
  const dataDir = path.resolve(inProject(), process.env.BELAY_DATA || ".data/belay");
  return createHostInstaller(await ensureIdentity(path.join(dataDir, "ssh")));
}

const approve = [
  "--approve <SHA256:…>",
  "the fingerprint of the host's key, as you compared it; asked for otherwise",
] as const;
const program = new Command("npm run host --").description("The hosts that Belay watches. The server must be running.");
program
  .command("add <uri>")
  .description("watch a host: qemu+ssh://root@ADDRESS/system")
  .option("--name <name>", "what to call it; by default what it calls itself")
  .option(...approve)
  .option("--allow-fault-injection", "let the provider kill its VMs from the pages")
  .action((uri: string, options: AddOptions) => addHost(io, uri, options));
program
  .command("examine <uri>")
  .description("look at a host and keep nothing")
  .option(...approve)
  .action((uri: string, options: { approve?: string }) => examineHost(io, uri, options.approve));
program
  .command("list")
  .description("the hosts that are watched")
  .action(() => listHosts(io));
program
  .command("remove <name>")
  .description("forget a host; no guest is touched")
  .action((name: string) => removeHost(io, name));
program
  .command("install <name>")
  .description("put belay-host on a watched host: a lease and a watchdog, for when no power switch answers")
  .option("--watchdog <device>", 'the watchdog, or "none"', "/dev/watchdog")
  .option("--watchdog-timeout <seconds>", "how long it waits, where it does not say so itself")
  .action(async (name: string, options: InstallOptions) => installHelper(io, await installer(), name, options));
program
  .command("uninstall <name>")
  .description("take belay-host away again; no guest is touched")
  .action(async (name: string) => uninstallHelper(io, await installer(), name));

try {
  await program.parseAsync();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
