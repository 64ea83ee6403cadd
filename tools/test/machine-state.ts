import { readdir, readFile, readlink } from "node:fs/promises";
import { projectDir } from "../kit/project.ts";

/** What a test could leave on a machine: each with a name that a person can look up. */
export interface MachineState {
  readonly processes: ReadonlyMap<string, SeenProcess>;
  /** Network interfaces, named network namespaces and mounts. */
  readonly things: ReadonlySet<string>;
}

export interface SeenProcess {
  readonly pid: number;
  readonly start: string;
  readonly words: string;
  /** It carries this run's mark, works in our folders, or lives in a namespace of its own. */
  readonly ours: boolean;
}

/** In the environment of everything that a run starts. */
export const runMark = "BELAY_TEST_RUN";

/** Nothing on a system without /proc. */
export async function machineState(mark: string): Promise<MachineState> {
  const own = await readlink("/proc/self/ns/net").catch(() => "");
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  const seen = await Promise.all(pids.map((pid) => seeProcess(pid, mark, own)));
  const mounts = (await readFile("/proc/self/mounts", "utf8").catch(() => "")).split("\n");
  return {
    processes: new Map(seen.flatMap((one) => (one ? [[`${one.pid} ${one.start}`, one] as const] : []))),
    things: new Set([
      ...(await names("/sys/class/net")).map((name) => `network interface ${name}`),
      ...(await names("/run/netns")).map((name) => `network namespace ${name}`),
      ...mounts.flatMap((line) => (line ? [`mount ${line.split(" ")[1]}`] : [])),
    ]),
  };
}

const names = (dir: string): Promise<string[]> => readdir(dir).catch(() => []);

async function seeProcess(pid: number, mark: string, ownNetwork: string): Promise<SeenProcess | undefined> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "");
  const link = (file: string): Promise<string> => readlink(`/proc/${pid}/${file}`).catch(() => "");
  const [stat, command, environment, network, ...places] = await Promise.all([
    read("stat"),
    read("cmdline"),
    read("environ"),
    link("ns/net"),
    link("cwd"),
    link("exe"),
  ]);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, start] = [fields[0], fields[19]];
  // Without a command line it is a thread of the kernel, or a zombie whose parent is not done with it.
  if (start === undefined || state === "Z" || command === "") return undefined;
  const ours =
    environment.includes(`${runMark}=${mark}`) ||
    (ownNetwork !== "" && network !== "" && network !== ownNetwork) ||
    [command, ...places].some((text) => text.includes(`${projectDir}/`) || /\/belay[-/]/.test(text));
  return { pid, start, words: command.replaceAll("\0", " ").trim().slice(0, 120), ours };
}

/** What is there now, was not there before, and is of this run. */
export function leftBetween(before: MachineState, after: MachineState): { processes: SeenProcess[]; things: string[] } {
  const processes = [...after.processes].filter(
    ([key, one]) => one.ours && one.pid !== process.pid && !before.processes.has(key),
  );
  return {
    processes: processes.map(([, one]) => one),
    things: [...after.things].filter((thing) => !before.things.has(thing)),
  };
}
