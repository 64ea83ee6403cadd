import { Command } from "commander";
import { addGuestCommands } from "./cli/guest-commands.ts";
import { addHostCommands } from "./cli/host-commands.ts";
import { addLabCommands } from "./cli/lab-commands.ts";
import { progress } from "./cli/show.ts";
import { LabError } from "./index.ts";

// The first Ctrl-C lets the work in hand stop in its own order; a second one ends the command at once.
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
const watch = { onPhase: progress(process.stderr), signal: stop.signal };

const program = new Command("lab")
  .description("Real libvirt hosts on this machine, each in namespaces of its own.")
  .showHelpAfterError();
addLabCommands(program, watch);
addHostCommands(program, watch);
addGuestCommands(program, watch);

try {
  await program.parseAsync();
} catch (error) {
  if (stop.signal.aborted) {
    console.error("lab: stopped; `up` goes on from here, `down` clears up");
    process.exit(130);
  }
  if (!(error instanceof LabError)) throw error;
  console.error(`lab: ${error.message}${error.cure ? `\n     ${error.cure}` : ""}`);
  process.exitCode = 1;
}
