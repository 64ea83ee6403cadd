import type { Command } from "commander";
import {
  createGuest,
  type EnsureImageOptions,
  type GuestOptions,
  imageNames,
  listGuests,
  removeGuest,
} from "../index.ts";
import { nextLine } from "./deeds.ts";
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
      console.error(nextLine("see where it runs", "guest list", lab)); // what is on stdout is for programs
    });
  labCommand(guest, "list", "guests, and what their hosts say of them")
    .option("--json", "as JSON")
    .action(async ({ lab, json }: LabOption & { json?: boolean }) => {
      const guests = await listGuests(lab);
      if (json) return console.log(JSON.stringify(guests, null, 2));
      console.log(guestTable(guests));
      const first = guests[0]?.name;
      if (first === undefined) console.log(nextLine("make one", "guest create web-1 --host host-1", lab));
      else console.log(nextLine("end one", `guest remove ${first}`, lab));
    });
  labCommand(guest, "remove", "end a guest and delete its disks")
    .argument("<name>")
    .action(async (name: string, { lab }: LabOption) => {
      await removeGuest(lab, name);
      console.log(`${name} is gone, and its disks with it.`);
      console.log(nextLine("see which are left", "guest list", lab));
    });
}
