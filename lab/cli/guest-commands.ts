import type { Command } from "commander";
import {
  createGuest,
  type EnsureImageOptions,
  type GuestOptions,
  imageNames,
  listGuests,
  removeGuest,
} from "../index.ts";
import { type LabOption, labCommand, oneOf, whole } from "./options.ts";
import { guestTable } from "./show.ts";

interface CreateOptions extends LabOption, Omit<GuestOptions, "name" | "memoryMiB"> {
  memory: number;
}

/** guest create, list, remove. */
export function addGuestCommands(program: Command, { onPhase }: EnsureImageOptions): void {
  const guest = program.command("guest").description("virtual machines on the hosts");
  labCommand(guest, "create", "make a guest and start it")
    .argument("<name>")
    .requiredOption("--host <host>", "where")
    .option("--memory <MiB>", "its memory", whole, 256)
    .option("--image <image>", "what runs on it", oneOf(...imageNames), "web")
    .option("--disk <place>", "shared or local storage", oneOf("shared", "local"), "shared")
    .option("--on-crash <action>", "what libvirt does when it panics", oneOf("preserve", "destroy"), "preserve")
    .option("--no-start", "only define it")
    .action(async (name: string, { lab, memory, ...rest }: CreateOptions) => {
      const options = { name, memoryMiB: memory, ...rest, ...(onPhase ? { onPhase } : {}) };
      console.log(JSON.stringify(await createGuest(lab, options), null, 2));
    });
  labCommand(guest, "list", "guests, and what their hosts say of them")
    .option("--json", "as JSON")
    .action(async ({ lab, json }: LabOption & { json?: boolean }) => {
      const guests = await listGuests(lab);
      console.log(json ? JSON.stringify(guests, null, 2) : guestTable(guests));
    });
  labCommand(guest, "remove", "end a guest and delete its disks")
    .argument("<name>")
    .action(async (name: string, { lab }: LabOption) => await removeGuest(lab, name));
}
