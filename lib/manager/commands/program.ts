import path from "node:path";
import { Command, Option } from "commander";
import { ManagerError } from "../servers.ts";
import { type Opened, openWork, pretendedHands, readFileChecked, stateDirOf } from "../work/index.ts";
import { askRunning } from "./control.ts";
import { takeDown } from "./down.ts";
import { writeExample } from "./init.ts";
import { asTyped, type Common, type ManagerIo, tell } from "./io.ts";
import { planOf } from "./plan.ts";
import { repairNow, techniquesByHand } from "./repair.ts";
import { runManager } from "./run.ts";
import { savedStateCommands } from "./saved-states.ts";
import { statusOf } from "./status.ts";
import { bringUpAll } from "./up.ts";
import { upFirst } from "./up-first.ts";

/** `belay-manager`, the customer's program. */
export function managerProgram(io: ManagerIo): Command {
  const log = (words: string) => io.board.line(words);
  async function within<T>(
    file: string,
    { state, conformance }: Common,
    work: (opened: Opened) => Promise<T>,
    how: { readonly look?: boolean } = {},
  ): Promise<T> {
    const pretend = conformance ? { makeHands: pretendedHands } : {};
    const opened = await openWork({ ...how, ...pretend, file, state, cwd: io.cwd, env: io.env, log });
    try {
      return await work(opened);
    } finally {
      await opened.close();
    }
  }

  const program = new Command("belay-manager").description(
    "Deploys an application onto VMs of a provider's Belay, watches it, and repairs it together with the provider.\nBELAY_URL says where Belay is, BELAY_KEY holds a key of your organization.",
  );
  // What a cure says can be typed as it is: see `explainManager`.
  program.hook("preAction", (_, { args: [file] }) => void program.setOptionValue("file", file));
  const command = (usage: string, words: string) =>
    program
      .command(usage)
      .description(words)
      .option("--state <dir>", "where the manager keeps its journal; by default .belay-manager/NAME here")
      .option("--json", "print the result as JSON")
      .addOption(new Option("--conformance", "touch no VM: for the conformance kit").hideHelp());

  command("init [file]", "write an example of a description, with comments").action(
    async (file: string | undefined, options: Common) =>
      tell(
        io,
        file ?? "application.yaml",
        options,
        await writeExample(path.resolve(io.cwd, file ?? "application.yaml")),
      ),
  );
  command("validate <file>", "check a description; nothing is asked of anybody").action(
    async (file: string, options: Common) => {
      const { description, warnings } = await readFileChecked(path.resolve(io.cwd, file));
      const [servers, vms] = [description.servers.length, description.vms.length];
      const found = warnings.length === 0 ? "nothing is wrong" : "it can be brought up, and this is to be known";
      tell(io, file, options, {
        data: { servers, vms, warnings },
        lines: [`${file}: ${servers} servers on ${vms} VMs, ${found}.`, ...warnings],
        next: "belay-manager plan FILE",
      });
    },
  );
  command("plan <file>", "what `up` would make, change and start; nothing is done").action(
    async (file: string, options: Common) =>
      tell(io, file, options, await within(file, options, (opened) => planOf(opened, io), { look: true })),
  );
  command("up <file>", "make the VMs, deploy and start the servers").action(async (file: string, options: Common) =>
    tell(io, file, options, await within(file, options, (opened) => bringUpAll(opened, io))),
  );
  command("status <file>", "servers, VMs, sensors, protection, and who manages").action(
    async (file: string, options: Common) => {
      const result = await within(file, options, (opened) => statusOf(opened, io), { look: true });
      tell(io, file, options, result);
    },
  );
  command("repair <file> <name>", "repair this server or VM now")
    .option(
      "--technique <name>",
      `one of ${techniquesByHand.join(", ")}; by default restart-server, of a VM rebuild-vm`,
    )
    .action(async (file: string, name: string, options: Common & { technique?: string }) => {
      const { description } = await readFileChecked(path.resolve(io.cwd, file));
      const stateDir = stateDirOf(description, { state: options.state, cwd: io.cwd });
      const technique = options.technique ?? null;
      const done = await io.board.phase(`repair ${name}`, async (say) => {
        const told = await askRunning(stateDir, { name, technique }, say, io.signal);
        if (told !== undefined) return told;
        return await within(file, options, (opened) =>
          repairNow(opened, name, technique, { signal: io.signal, progress: (_, words) => say(words) }),
        );
      });
      tell(io, file, options, { data: { done }, lines: [done], next: "belay-manager status FILE" });
    });
  command("run <file>", "stay: connected to the provider, looking, taking part in repairs")
    .option("--up", "first do what `up` does")
    .option(
      "--listen <[host:]port>",
      "take the provider's messages here, signed, instead of over a standing connection",
    )
    .action(async (file: string, options: Common & { up?: boolean; listen?: string }) => {
      // Whatever does not work yet is looked after from here.
      const stays = { ...io, failed() {} };
      await within(file, options, async (opened) => {
        const up = options.up ? await upFirst(opened, io) : undefined;
        if (up?.is === "done") tell(stays, file, options, up.result);
        await runManager(opened, io, {
          ...options,
          ...(up?.is === "later" && { afterRepairs: async () => tell(stays, file, options, await up.begin()) }),
        });
      });
      log("Ended.");
    });
  savedStateCommands(io, { command, within });
  command("down <file>", "free the VMs, with what is on their disks; asks first")
    .option("--yes", "do not ask")
    .action(async (file: string, options: Common & { yes?: boolean }) =>
      tell(io, file, options, await within(file, options, (opened) => takeDown(opened, io, options.yes ?? false))),
    );
  return program;
}

/** For people: what it is about, its words, its cure, and what a command on a VM said last. `program`: what was given to do. */
export function explainManager(error: unknown, program: Command, typedAs: string): string {
  if (!(error instanceof ManagerError)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  const output = error.output
    ?.trim()
    .split("\n")
    .slice(-15)
    .map((line) => `  | ${line}`)
    .join("\n");
  const said = error.field === undefined ? error.message : `${error.field}: ${error.message}`;
  const words = [said, output, error.cure && `  cure: ${error.cure}`].filter((part) => part).join("\n");
  return asTyped(words, typedAs, String(program.getOptionValue("file") ?? "FILE"));
}
