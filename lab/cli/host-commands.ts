import { type Command, Option } from "commander";
import { readAll, runFence } from "../fence/agent.ts";
import {
  cut,
  isolate,
  mend,
  powerCycle,
  powerOff,
  powerOn,
  readLab,
  rejoin,
  setBmc,
  startLibvirtd,
  stopLibvirtd,
} from "../index.ts";
import { deedLines } from "./deeds.ts";
import { type LabOption, labCommand, oneOf } from "./options.ts";
import { openShell } from "./shell.ts";
import { hostOf } from "./show.ts";

const switches = { on: powerOn, off: powerOff, cycle: powerCycle };

/** ssh, power, cut, mend, isolate, rejoin, bmc, libvirtd, fence. */
export function addHostCommands(program: Command, { signal }: { signal: AbortSignal }): void {
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
      else {
        await switches[action](lab, host);
        console.log(deedLines(`power ${action}`, [host], lab));
      }
    });
  const cable = { cut: ["pull a host's network cable", cut], mend: ["put a host's network cable back", mend] } as const;
  for (const name of ["cut", "mend"] as const) {
    const [description, act] = cable[name];
    labCommand(program, name, description)
      .argument("<host>")
      .action(async (host: string, { lab }: LabOption) => {
        await act(lab, host);
        console.log(deedLines(name, [host], lab));
      });
  }
  const control = {
    isolate: ["cut this machine off from hosts that go on seeing each other", isolate],
    rejoin: ["take that back", rejoin],
  } as const;
  for (const name of ["isolate", "rejoin"] as const) {
    const [description, act] = control[name];
    labCommand(program, name, description)
      .argument("<host...>")
      .action(async (hosts: string[], { lab }: LabOption) => {
        await act(lab, hosts);
        console.log(deedLines(name, hosts, lab));
      });
  }
  labCommand(program, "bmc", "make a host's power controller silent to the fence agent, or let it answer again")
    .argument("<state>", "dark or lit", oneOf("dark", "lit"))
    .argument("<host>")
    .action(async (state: "dark" | "lit", host: string, { lab }: LabOption) => {
      await setBmc(lab, host, state);
      console.log(deedLines(`bmc ${state}`, [host], lab));
    });
  labCommand(program, "libvirtd", "kill a host's libvirtd so that it stays dead, or start it again; guests run on")
    .argument("<action>", "stop or start", oneOf("stop", "start"))
    .argument("<host>")
    .action(async (action: "stop" | "start", host: string, { lab }: LabOption) => {
      await { stop: stopLibvirtd, start: startLibvirtd }[action](lab, host);
      console.log(deedLines(`libvirtd ${action}`, [host], lab));
    });
  labCommand(program, "fence", "a fence agent: options on standard input as key=value lines")
    .addOption(
      new Option("-o, --action <action>", "for callers that ask on the command line, as for metadata").hideHelp(),
    )
    .action(async ({ lab, action }: LabOption & { action?: string }) => {
      const answer = await runFence(action ? `action=${action}` : await readAll(process.stdin), lab, { signal });
      process.stdout.write(answer.stdout);
      process.stderr.write(answer.stderr);
      process.exitCode = answer.code;
    });
}
