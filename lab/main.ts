import { readFile } from "node:fs/promises";
import { Command, InvalidArgumentError } from "commander";
import { openShell } from "./cli/shell.ts";
import * as show from "./cli/show.ts";
import { readAll, runFence } from "./fence/agent.ts";
import {
  createGuest,
  cut,
  defaultLab,
  ensureImage,
  LabError,
  labDown,
  labUp,
  listGuests,
  mend,
  powerCycle,
  powerOff,
  powerOn,
  readLab,
  removeGuest,
} from "./index.ts";

const program = new Command("lab")
  .description("Real libvirt hosts on this machine, each in namespaces of its own.")
  .showHelpAfterError();
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
process.once("SIGTERM", () => stop.abort());
const watch = { onPhase: show.progress(process.stderr), signal: stop.signal };

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("a whole number, 1 or more, is wanted");
  return value;
}

function oneOf<const T extends string>(...values: T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found) return found;
    throw new InvalidArgumentError(`one of ${values.join(", ")} is wanted`);
  };
}

interface LabOption {
  lab: string;
}

const many = (text: string, before: string[]) => [...before, text];

/** Every command takes --lab. */
function command(name: string, description: string, parent = program) {
  return parent.command(name).description(description).option("--lab <name>", "which lab", defaultLab);
}

command("up", "bring the lab up, or what is missing of it")
  .option("--hosts <n>", "how many hosts (3 for a new lab)", whole)
  .option("--authorize <pubkeyfile>", "a public key that may log in as root; may be repeated", many, [])
  .option("--power-on", "start hosts, too, that were switched off on purpose")
  .action(async ({ lab, hosts, authorize, powerOn: wake = false }) => {
    const keys = await Promise.all(authorize.map(readKeyFile));
    const state = await labUp({ name: lab, authorize: keys, powerOn: wake, ...(hosts ? { hosts } : {}), ...watch });
    console.log(show.labTable(state));
  });

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new LabError(`the public key file ${file} cannot be read`, "give the path of a .pub file", { cause });
  }
}

command("down", "take the lab down; nothing of it remains")
  .option("--keep", "keep disks, keys and addresses for the next up")
  .action(async ({ lab, keep = false }) => await labDown(lab, { keep, onPhase: watch.onPhase }));

command("status", "hosts, power and cables")
  .option("--json", "as JSON")
  .action(async ({ lab, json }) => {
    const state = await readLab(lab);
    console.log(json ? JSON.stringify(state, null, 2) : show.labTable(state));
  });

command("ssh", "a shell on a host, or one command: ssh HOST -- COMMAND")
  .argument("<host>")
  .argument("[command...]")
  .action(async (host, words, { lab }) => {
    process.exitCode = await openShell(await readLab(lab), host, words);
  });

const switches = { on: powerOn, off: powerOff, cycle: powerCycle };
command("power", "switch a host on or off, as with its power plug")
  .argument("<action>", "on, off, cycle or status", oneOf("on", "off", "cycle", "status"))
  .argument("<host>")
  .action(async (action: "status" | keyof typeof switches, host: string, { lab }: LabOption) => {
    if (action === "status") return console.log(show.hostOf(await readLab(lab), host).power);
    await switches[action](lab, host);
  });

command("cut", "pull a host's network cable")
  .argument("<host>")
  .action(async (host, { lab }) => await cut(lab, host));
command("mend", "put a host's network cable back")
  .argument("<host>")
  .action(async (host, { lab }) => await mend(lab, host));

const guest = program.command("guest").description("virtual machines on the hosts");
command("create", "make a guest and start it", guest)
  .argument("<name>")
  .requiredOption("--host <host>", "where")
  .option("--memory <MiB>", "its memory", whole, 256)
  .option("--image <image>", "what runs on it", oneOf("web"), "web" as const)
  .option("--disk <place>", "shared or local storage", oneOf("shared", "local"), "shared" as const)
  .option("--on-crash <action>", "what libvirt does when it panics", oneOf("preserve", "destroy"), "preserve" as const)
  .option("--no-start", "only define it")
  .action(async (name, { lab, host, memory, image, disk, onCrash, start }) => {
    console.log(
      JSON.stringify(await createGuest(lab, { name, host, memoryMiB: memory, image, disk, onCrash, start }), null, 2),
    );
  });
command("list", "guests, and what their hosts say of them", guest)
  .option("--json", "as JSON")
  .action(async ({ lab, json }) => {
    const guests = await listGuests(lab);
    console.log(json ? JSON.stringify(guests, null, 2) : show.guestTable(guests));
  });
command("remove", "end a guest and delete its disks", guest)
  .argument("<name>")
  .action(async (name, { lab }) => await removeGuest(lab, name));

program
  .command("image")
  .description("the guest image")
  .command("build")
  .description("build it, unless its inputs are unchanged")
  .action(async () => console.log(JSON.stringify(await ensureImage(watch), null, 2)));

command("fence", "a fence agent: options on standard input as key=value lines").action(async ({ lab }) => {
  const answer = await runFence(await readAll(process.stdin), lab);
  process.stdout.write(answer.stdout);
  process.stderr.write(answer.stderr);
  process.exitCode = answer.code;
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(`lab: ${error.message}${error.cure ? `\n     ${error.cure}` : ""}`);
  process.exitCode = 1;
}
