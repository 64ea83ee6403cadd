import { type Command, Option } from "commander";
import { readAll, runFence } from "../fence/agent.ts";
import { cut, mend, powerCycle, powerOff, powerOn, readLab } from "../index.ts";
import { type LabOption, labCommand, oneOf } from "./options.ts";
import { openShell } from "./shell.ts";
import { hostOf } from "./show.ts";

const switches = { on: powerOn, off: powerOff, cycle: powerCycle };

/** ssh, power, cut, mend, fence. */
export function addHostCommands(program: Command): void {
  labCommand(program, "ssh", "a shell on a host, or one command: ssh HOST -- COMMAND")
    .argument("<host>")
    .argument("[command...]")
    .action(async (host: string, command: string[], { lab }: LabOption) => {
      process.exitCode = await openShell(await readLab(lab), host, command);
    });
  labCommand(program, "power", "switch a host on or off, as with its power plug")
    .argument("<action>", "on, off, cycle or status", oneOf("on", "off", "cycle", "status"))
    .argument("<host>")
    .action(async (action: "status" | keyof typeof switches, host: string, { lab }: LabOption) => {
      if (action === "status") console.log(hostOf(await readLab(lab), host).power);
      else await switches[action](lab, host);
    });
  const cable = { cut: ["pull a host's network cable", cut], mend: ["put a host's network cable back", mend] } as const;
  for (const [name, [description, act]] of Object.entries(cable))
    labCommand(program, name, description)
      .argument("<host>")
      .action(async (host: string, { lab }: LabOption) => await act(lab, host));
  labCommand(program, "fence", "a fence agent: options on standard input as key=value lines")
    .addOption(
      new Option("-o, --action <action>", "for callers that ask on the command line, as for metadata").hideHelp(),
    )
    .action(async ({ lab, action }: LabOption & { action?: string }) => {
      const answer = await runFence(action ? `action=${action}` : await readAll(process.stdin), lab);
      process.stdout.write(answer.stdout);
      process.stderr.write(answer.stderr);
      process.exitCode = answer.code;
    });
}
