import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import {
  defaultLab,
  type EnsureImageOptions,
  ensureImage,
  type ImageName,
  imageNames,
  LabError,
  labDown,
  labUp,
  readLab,
} from "../index.ts";
import { nextLine } from "./deeds.ts";
import { type LabOption, labCommand, many, oneOf, whole } from "./options.ts";
import { labTable } from "./show.ts";

interface UpOptions extends LabOption {
  hosts?: number;
  authorize: string[];
  powerOn?: boolean;
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new LabError(`the public key file ${file} cannot be read`, "give the path of a .pub file", { cause });
  }
}

/** up, down, status, image build. */
export function addLabCommands(program: Command, watch: EnsureImageOptions): void {
  labCommand(program, "up", "bring the lab up, or what is missing of it")
    .option("--hosts <n>", "how many hosts (3 for a new lab)", whole)
    .option("--authorize <pubkeyfile>", "a public key that may log in as root; may be repeated", many, [])
    .option("--power-on", "start hosts, too, that were switched off on purpose")
    .action(async ({ lab, hosts, authorize, powerOn = false }: UpOptions) => {
      const keys = await Promise.all(authorize.map(readKeyFile));
      const state = await labUp({
        name: lab,
        authorize: keys,
        powerOn,
        ...(hosts === undefined ? {} : { hosts }),
        ...watch,
      });
      console.log(labTable(state));
      const first = state.hosts[0]?.name ?? "HOST";
      console.log(nextLine("a virtual machine", `guest create web-1 --host ${first}`, lab));
    });
  labCommand(program, "down", "take the lab down; nothing of it remains")
    .option("--keep", "keep disks, keys and addresses for the next up")
    .action(async ({ lab, keep = false }: LabOption & { keep?: boolean }) => {
      await labDown(lab, { keep, ...(watch.onPhase ? { onPhase: watch.onPhase } : {}) });
      console.log(
        `The lab ${lab} is down${keep ? "; disks, keys and addresses are kept" : ", and nothing of it remains"}.`,
      );
      console.log(nextLine("bring it up again", "up", lab));
    });
  labCommand(program, "status", "hosts, power and cables")
    .option("--json", "as JSON")
    .action(async ({ lab, json }: LabOption & { json?: boolean }) => {
      const state = await readLab(lab);
      if (json) return console.log(JSON.stringify(state, null, 2));
      console.log(labTable(state));
      const host = state.hosts[0]?.name ?? "HOST";
      console.log(nextLine("a shell on a host", `ssh ${host}`, lab));
    });
  program
    .command("image")
    .description("the guest image")
    .command("build")
    .description("build it, unless its inputs are unchanged; bare and prepared are built together")
    .option("--image <image>", "what runs on it", oneOf(...imageNames), "web")
    .action(async ({ image }: { image: ImageName }) => {
      console.log(JSON.stringify(await ensureImage({ ...watch, image }), null, 2));
      const guest = `guest create web-1 --host host-1${image === "web" ? "" : ` --image ${image}`}`;
      console.error(nextLine("a guest of it", guest, defaultLab)); // what is on stdout is for programs
    });
}
