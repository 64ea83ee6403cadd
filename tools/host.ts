import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { type AddOptions, addHost, examineHost, type HostIo, listHosts, removeHost } from "./host/commands.ts";
import { explain } from "./kit/failure.ts";
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

try {
  await program.parseAsync();
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
