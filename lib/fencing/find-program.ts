import { constants } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import path from "node:path";

/** Where fence agents are, beside PATH: a service's PATH often lacks the directories of the administrator. */
const administrators = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

async function runnable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}

/** A program by its name or its absolute path; undefined where there is none that may be run. */
export async function findProgram(name: string): Promise<string | undefined> {
  if (path.isAbsolute(name)) return (await runnable(name)) ? name : undefined;
  if (!/^[A-Za-z0-9_.+-]+$/.test(name) || name.startsWith(".")) return undefined;
  for (const directory of [...(process.env.PATH ?? "").split(":"), ...administrators]) {
    const file = path.join(directory, name);
    if (path.isAbsolute(directory) && (await runnable(file))) return file;
  }
  return undefined;
}

/** A program of one directory, by its file name alone: no path, and no link that leads out of the directory. */
export async function programIn(directory: string, name: string): Promise<string | undefined> {
  if (!/^[A-Za-z0-9_+-][A-Za-z0-9_.+-]*$/.test(name)) return undefined;
  try {
    const home = await realpath(directory);
    const file = await realpath(path.join(home, name));
    return path.dirname(file) === home && (await runnable(file)) ? file : undefined;
  } catch {
    return undefined;
  }
}
