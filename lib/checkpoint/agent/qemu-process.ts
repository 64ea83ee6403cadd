import { readFile } from "node:fs/promises";

const pidDirectories = ["/run/libvirt/qemu", "/var/run/libvirt/qemu"];

/** Of the QEMU that runs the domain of this name. */
export async function pidOf(name: string): Promise<number | undefined> {
  for (const directory of pidDirectories) {
    const text = await readFile(`${directory}/${name}.pid`, "utf8").catch(() => undefined);
    const pid = Number(text?.trim());
    if (Number.isInteger(pid) && pid > 1) return pid;
  }
  return undefined;
}

/** One range of addresses of a process (proc(5), `maps`). */
export interface Mapping {
  /** As the kernel names it: hexadecimal, `from-to`. */
  readonly range: string;
  readonly from: number;
  readonly to: number;
  /** What is written to it is seen by whoever maps the same. */
  readonly shared: boolean;
  readonly inode: string;
  readonly file: string;
}

export function readMappings(maps: string): Mapping[] {
  return maps.split("\n").flatMap((line) => {
    const [, range = "", flags = "", inode = "", file = ""] =
      /^([0-9a-f]+-[0-9a-f]+) (\S{4}) \S+ (\S+ \d+) *(.*)$/.exec(line) ?? [];
    const [from = "", to = ""] = range.split("-");
    if (to === "") return [];
    const shared = flags.endsWith("s");
    return [{ range, from: Number.parseInt(from, 16), to: Number.parseInt(to, 16), shared, inode, file }];
  });
}

export const mappingsOf = async (pid: number): Promise<Mapping[]> =>
  readMappings(await readFile(`/proc/${pid}/maps`, "utf8"));
