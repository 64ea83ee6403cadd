import { readdir, readFile, readlink } from "node:fs/promises";
import path from "node:path";
import type { ProcessIdentity } from "../kit/identity.ts";

/** How to tell what a run of the tests started from everything else on the machine. */
export interface RunMark {
  /** In the environment of everything that the run starts, as BELAY_TEST_RUN. */
  readonly id: string;
  /** Where its labs keep their state (BELAY_LABS); their processes and bridges name it. */
  readonly labsDir: string;
}

export const runVariable = "BELAY_TEST_RUN";

export interface Leftovers {
  readonly processes: readonly (ProcessIdentity & { readonly words: string })[];
  /** Network interfaces and mounts. */
  readonly things: readonly string[];
}

interface Seen extends ProcessIdentity {
  readonly parent: number;
  readonly marked: boolean;
  readonly words: string;
}

/**
 * What of the run is on the machine now, ourselves left out. A process is of the run when it, or one that it descends from, has the
 * mark in its environment: QEMU has a clean one, and descends from its lab host's first process. Nothing on a system without /proc.
 */
export async function leftoversOf(mark: RunMark): Promise<Leftovers> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const seen = (await Promise.all(pids.map((pid) => see(pid, mark)))).flatMap((one) => one ?? []);
  const byPid = new Map(seen.map((one) => [one.pid, one]));
  const ofRun = (one: Seen | undefined, steps = 0): boolean =>
    one !== undefined &&
    one.pid !== process.pid &&
    steps < 64 &&
    (one.marked || ofRun(byPid.get(one.parent), steps + 1));
  const mounts = (await readFile("/proc/self/mounts", "utf8").catch(() => "")).split("\n");
  return {
    processes: seen.filter((one) => ofRun(one)).map(({ pid, start, words }) => ({ pid, start, words })),
    things: [
      ...(await interfacesOf(mark)).map((name) => `network interface ${name}`),
      ...mounts.filter((line) => line.includes(mark.labsDir)).map((line) => `mount ${line.split(" ")[1]}`),
    ],
  };
}

async function see(pid: number, mark: RunMark): Promise<Seen | undefined> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const [stat, command, environment] = await Promise.all([read("stat"), read("cmdline"), read("environ")]);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, start] = [fields[0], fields[1], fields[19]];
  if (start === undefined || state === "Z" || state === "X") return undefined;
  const variables = environment.split("\0");
  const marked =
    variables.includes(`${runVariable}=${mark.id}`) ||
    variables.some((one) => one.startsWith("HOST_DIR=") && one.includes(`${mark.labsDir}/`));
  return { pid, start, parent: Number(parent), marked, words: command.replaceAll("\0", " ").trim().slice(0, 120) };
}

/** Bridges say in their alias whose they are; a cable is its bridge's. */
async function interfacesOf({ labsDir }: RunMark): Promise<string[]> {
  const root = "/sys/class/net";
  const aliasOf = (name: string): Promise<string> => readFile(path.join(root, name, "ifalias"), "utf8").catch(() => "");
  const names = await readdir(root).catch(() => []);
  const ours = await Promise.all(
    names.map(async (name) => {
      const bridge = path.basename(await readlink(path.join(root, name, "master")).catch(() => name));
      return (await aliasOf(bridge)).includes(`${labsDir}/`);
    }),
  );
  return names.filter((_, at) => ours[at]);
}
