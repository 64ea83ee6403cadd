import type { HookRunner } from "../engine/ports.ts";
import { programIn } from "./find-program.ts";
import { runProgram } from "./run-program.ts";

const maxOutputBytes = 16 * 1024;

/** `hostName` → `BELAY_HOST_NAME`. */
const variable = (name: string) => `BELAY_${name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase()}`;

/** Facts that are one word or number, as environment; the rest is only in the JSON. */
function environmentOf(facts: Readonly<Record<string, unknown>>): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(facts)) {
    const plain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    if (plain && /^[A-Za-z][A-Za-z0-9_]*$/.test(name)) env[variable(name)] = String(value).replaceAll("\0", "");
  }
  return env;
}

/**
 * The provider's programs, which lie in one directory of the server: who may write there may run programs as Belay, nobody else can.
 * A hook names a file there; what it says is kept, at most 16 KiB of it.
 */
export const createHookRunner = (directory: string): HookRunner => ({
  async run(hook, facts) {
    const file = await programIn(directory, hook.program);
    if (file === undefined) {
      const output = `There is no program "${hook.program}" in the hooks directory that may be run.`;
      return { exitCode: null, output, timedOut: false };
    }
    const { exitCode, output, timedOut, notStarted } = await runProgram({
      file,
      args: hook.args,
      stdin: `${JSON.stringify(facts)}\n`,
      timeoutMs: hook.timeoutMs,
      maxOutputBytes,
      env: environmentOf(facts),
      cwd: directory,
    });
    return { exitCode, output: notStarted === null ? output : `It did not start: ${notStarted}`, timedOut };
  },
});
