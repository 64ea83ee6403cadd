import { execFileSync } from "node:child_process";
import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** An account of this machine, by its numbers. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

function lookUp(name: string): Account | undefined {
  const ask = (what: "-u" | "-g") =>
    Number(execFileSync("id", [what, name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], timeout: 5000 }));
  try {
    return { name, uid: ask("-u"), gid: ask("-g") };
  } catch {
    return undefined;
  }
}

/** PostgreSQL refuses to run as root. As root this is the account that it runs under, else undefined: it runs as we do. */
export function serverAccount(wanted: string | undefined): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const names = wanted === undefined ? ["postgres", "nobody"] : [wanted];
  for (const name of names) {
    const account = lookUp(name);
    if (account !== undefined && account.uid !== 0) return account;
  }
  throw new Error(
    `PostgreSQL does not run as root, and there is no other account named ${names.join(" or ")}: name one in runAs`,
  );
}

/** The nearest directory on the way to `path`, itself included, that other accounts cannot enter. undefined when none is. */
export async function closedDirectory(path: string): Promise<string | undefined> {
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    const { mode } = await stat(directory);
    if ((mode & 0o001) === 0) return directory;
    if (directory === dirname(directory)) return undefined;
  }
}
