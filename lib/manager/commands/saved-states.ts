import type { Command } from "commander";
import { ManagerError } from "../servers.ts";
import type { Opened } from "../work/index.ts";
import { goBack, goBackBeside } from "./go-back.ts";
import { type Common, type ManagerIo, type Result, tell } from "./io.ts";
import { savesOf } from "./saves.ts";
import { takeNow } from "./take.ts";

/** The commands that call for saved states of VMs. */

export interface Commands {
  command(usage: string, words: string): Command;
  within<T>(
    file: string,
    common: Common,
    work: (opened: Opened) => Promise<T>,
    how?: { readonly look?: boolean },
  ): Promise<T>;
}

type GoBack = Common & { readonly yes?: boolean; readonly beside?: string };

export function savedStateCommands(io: ManagerIo, { command, within }: Commands): void {
  /** Beside a manager that runs, too: nothing of its journal changes. */
  async function look(file: string, options: Common, work: (opened: Opened) => Promise<Result>): Promise<void> {
    tell(io, file, options, await within(file, options, work, { look: true }));
  }

  command("saves <file> [vm]", "the saved states of VMs").action(
    (file: string, vm: string | undefined, options: Common) =>
      look(file, options, (opened) => savesOf(opened, io, vm, Date.now())),
  );
  command("take <file> <vm>", "have the state of this VM saved now").action(
    (file: string, vm: string, options: Common) => look(file, options, (opened) => takeNow(opened, io, vm)),
  );
  command("go-back <file> <vm> <saved>", "take this VM back to a saved state: its id, or newest; asks first")
    .option("--yes", "do not ask")
    .option("--beside <name>", "leave the VM as it is, and make another one from the state, to look inside")
    .action(async (file: string, vm: string, saved: string, options: GoBack) => {
      const { beside, yes: sure = false } = options;
      if (beside !== undefined) return look(file, options, (opened) => goBackBeside(opened, io, vm, { saved, beside }));
      const result = await within(file, options, (opened) =>
        goBack(opened, io, vm, { saved, sure, now: Date.now() }),
      ).catch((error: unknown) => {
        throw error instanceof ManagerError && error.code === "already-running" ? mustEnd(error, vm) : error;
      });
      tell(io, file, options, result);
    });
}

/** While it goes back the VM is off for a moment: a manager that runs would take it for dead, and might make it anew. */
const mustEnd = ({ message }: ManagerError, vm: string): ManagerError =>
  new ManagerError({
    code: "already-running",
    message: `${message} It would take ${vm} for dead while that goes back.`,
    cure: "End it, run this again, then start it again: belay-manager run FILE",
  });
