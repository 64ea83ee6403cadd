import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Account } from "./account.ts";

/** A command line with the options for `spawn`. */
export interface Launch {
  readonly file: string;
  readonly args: string[];
  readonly options: { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv };
}

const setpriv = "/usr/bin/setpriv"; // util-linux, on every Debian

/**
 * How to run a program of PostgreSQL under the account. `whenParentDies` is a signal that the kernel sends it when we die, also by
 * kill -9; where setpriv is missing it lives on and the next start adopts it.
 */
export function launch(
  account: Account | undefined,
  whenParentDies: "INT" | "KILL" | undefined,
  program: string,
  args: string[],
): Launch {
  const env: NodeJS.ProcessEnv = { ...process.env, HOME: tmpdir(), LC_ALL: "C.UTF-8", TZ: "UTC" };
  for (const name of Object.keys(env)) if (name.startsWith("PG")) delete env[name]; // a person's PGDATA, PGPORT, … is not meant for it
  if (whenParentDies === undefined || !existsSync(setpriv)) {
    const as = account === undefined ? {} : { uid: account.uid, gid: account.gid };
    return { file: program, args, options: { ...as, cwd: "/", env } };
  }
  const as = account === undefined ? [] : [`--reuid=${account.uid}`, `--regid=${account.gid}`, "--clear-groups"];
  return {
    file: setpriv,
    args: [...as, "--pdeathsig", whenParentDies, program, ...args],
    options: { cwd: "/", env },
  };
}
